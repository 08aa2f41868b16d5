import { posix } from 'node:path'
import { UsageError } from '../usage-error.ts'
import { readVersion } from '../version-number.ts'
import { type AppEdit, plugIn, serverPackage, unplug } from './app-edit.ts'
import { guessAppName, guessUrl } from './app-name.ts'
import type { Change } from './change.ts'
import { dataFolder, writeConfigText } from './config-text.ts'
import { type FoundApp, findApp } from './find-app.ts'
import { addIgnored, removeIgnored } from './ignore-edit.ts'
import { addDependency, removeDependency } from './manifest-edit.ts'
import { frameworkVersion, type Project } from './project.ts'
import { chooseScopes, type Guess, guessScopes } from './scope-guess.ts'

export interface Wishes {
  readonly file: string | undefined
  readonly scopes: readonly string[] | undefined
  readonly appId: string | undefined
  readonly url: string | undefined
}

/** What was found in an app’s folder. */
export interface Finding {
  readonly framework: string
  readonly version: string
  readonly file: string
  readonly language: 'TypeScript' | 'JavaScript'
  readonly modules: 'ESM' | 'CommonJS'
  readonly package_manager: string
  readonly routes: number
}

/** What shall be done. Nothing is changed by making it. */
export interface Plan {
  readonly found: Finding
  readonly configFile: string
  readonly appEdit: AppEdit
  /** Without the app’s file where that edit is not clear. */
  readonly changes: readonly Change[]
  /** Undefined where there is a configuration already, or where ATH is taken out. */
  readonly guess: Guess | undefined
  readonly notes: readonly string[]
}

/** Plans how ATH comes into the app. */
export async function planNative(project: Project, wishes: Wishes): Promise<Plan> {
  const found = findApp(project, wishes.file)
  const { app, modules } = found
  const existing = existingConfig(project, found)
  const configFile = existing ?? newConfigFile(project, found)
  const appEdit = plugIn(app, configFile, { modules, manifest: project.manifest })
  const guess = existing === undefined ? chooseGuess(project, found, wishes) : undefined
  const names = guessAppName(project)
  const manifest = addedDependency(project)
  const config = guess
    ? writeConfigText({
        url: wishes.url ?? guessUrl([app.module, ...modules]),
        appId: wishes.appId ?? names.appId,
        name: names.name,
        guess,
        usesImport: app.module.usesImport,
      })
    : undefined
  return {
    found: await describe(project, found),
    configFile,
    appEdit,
    changes: [
      ...appChange(found, appEdit),
      ...(config === undefined ? [] : [{ path: configFile, before: undefined, after: config }]),
      ...changed(
        '.gitignore',
        project.ignoreText,
        addIgnored(project.ignoreText, `${dataFolder}/`),
      ),
      ...changed('package.json', project.manifestText, manifest ?? project.manifestText),
    ],
    guess,
    notes: [
      ...found.unread.map((file) => `${file} could not be parsed: its routes are not known`),
      ...(manifest === undefined
        ? [`package.json was not understood: add ${serverPackage} to its dependencies`]
        : []),
    ],
  }
}

/** Plans how ATH goes out of the app again. */
export async function planRemoval(project: Project, file: string | undefined): Promise<Plan> {
  const found = findApp(project, file)
  const configFile = existingConfig(project, found)
  const config = configFile === undefined ? undefined : project.configs.get(configFile)
  const appEdit = unplug(found.app.module)
  const rest =
    appEdit.kind === 'unclear'
      ? []
      : [
          ...(configFile === undefined
            ? []
            : [{ path: configFile, before: config, after: undefined }]),
          ...(project.ignoreText === undefined
            ? []
            : changed(
                '.gitignore',
                project.ignoreText,
                removeIgnored(project.ignoreText, `${dataFolder}/`),
              )),
          ...changed(
            'package.json',
            project.manifestText,
            removeDependency(project.manifestText, serverPackage) ?? project.manifestText,
          ),
        ]
  return {
    found: await describe(project, found),
    configFile: configFile ?? newConfigFile(project, found),
    appEdit,
    changes: [...appChange(found, appEdit), ...rest],
    guess: undefined,
    notes: [],
  }
}

const appChange = ({ app }: FoundApp, edit: AppEdit): readonly Change[] =>
  edit.kind === 'edited'
    ? [{ path: app.module.file, before: app.module.text, after: edit.text }]
    : []

const changed = (
  path: string,
  before: string | undefined,
  after: string | undefined,
): readonly Change[] => (before === after ? [] : [{ path, before, after }])

function chooseGuess(project: Project, { routes }: FoundApp, { scopes }: Wishes): Guess {
  const guess = guessScopes(routes)
  if (scopes) return chooseScopes(guess, scopes)
  if (guess.scopes.length > 0) return guess
  throw new UsageError(
    `none of the ${routes.length} routes found in ${project.directory} looks like one for agents`,
    'name the scopes that your app offers: --scopes products:read,cart:write',
  )
}

function addedDependency({ manifest, manifestText }: Project): string | undefined {
  if (manifest.dependencies?.[serverPackage] ?? manifest.devDependencies?.[serverPackage])
    return manifestText
  return addDependency(manifestText, serverPackage, `^${readVersion()}`)
}

function existingConfig({ configs }: Project, { app }: FoundApp): string | undefined {
  const folder = posix.dirname(app.module.file)
  return [...configs.keys()].find((file) => posix.dirname(file) === folder)
}

/** Beside the app, so that one build takes both. */
function newConfigFile({ manifest }: Project, { app }: FoundApp): string {
  const { file, usesImport } = app.module
  const [, kind = '', language = 'js'] = /\.([cm]?)([jt]s)x?$/.exec(file) ?? []
  const folder = posix.dirname(file)
  const inManifest = manifest.type === 'module'
  // A JavaScript file that Node would take for the other kind says its own by its name.
  const own = kind || (language === 'ts' || usesImport === inManifest ? '' : usesImport ? 'm' : 'c')
  const name = `ath.config.${own}${language}`
  return folder === '.' ? name : `${folder}/${name}`
}

async function describe(project: Project, { app, routes }: FoundApp): Promise<Finding> {
  const { module, framework } = app
  return {
    framework,
    version: await frameworkVersion(project, framework),
    file: module.file,
    language: /\.[cm]?tsx?$/.test(module.file) ? 'TypeScript' : 'JavaScript',
    modules: module.usesImport ? 'ESM' : 'CommonJS',
    package_manager: project.packageManager,
    routes: routes.length,
  }
}
