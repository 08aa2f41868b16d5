import assert from 'node:assert/strict'
import test from 'node:test'
import { incompleteManifests } from './manifests.ts'
import { completeManifest, type Manifest } from './published/manifest.ts'
import { readPublishedPackages } from './published/packages.ts'

test('every published package offers each entry point to ES modules and to CommonJS', () => {
  assert.ok(readPublishedPackages().length >= 5, 'the packages were not found')
  assert.deepEqual(
    [...incompleteManifests().keys()],
    [],
    'run `node scripts/run.mjs scripts/manifests.ts`',
  )
})

const shop: Manifest = {
  name: 'shop',
  version: '1.0.0',
  exports: {
    '.': { 'sallyport-source': './src/index.ts' },
    './express': { 'sallyport-source': './src/frameworks/express.ts' },
    './menu.json': './menu.json',
  },
  engines: { node: '>=20.19' },
}

test('all that an entry point needs follows from where its source is', () => {
  assert.deepEqual(completeManifest(shop, 'packages/shop'), {
    name: 'shop',
    version: '1.0.0',
    exports: {
      '.': {
        'sallyport-source': './src/index.ts',
        import: { types: './dist/index.d.ts', default: './dist/index.js' },
        require: { types: './dist/cjs/index.d.ts', default: './dist/cjs/index.js' },
      },
      './express': {
        'sallyport-source': './src/frameworks/express.ts',
        import: {
          types: './dist/frameworks/express.d.ts',
          default: './dist/frameworks/express.js',
        },
        require: {
          types: './dist/cjs/frameworks/express.d.ts',
          default: './dist/cjs/frameworks/express.js',
        },
      },
      './menu.json': './menu.json',
    },
    main: './dist/cjs/index.js',
    types: './dist/cjs/index.d.ts',
    typesVersions: { '*': { express: ['./dist/cjs/frameworks/express.d.ts'] } },
    engines: { node: '>=20.19' },
  })
})

test('completing what is complete changes nothing, and an entry point that is gone leaves nothing behind', () => {
  const once = completeManifest(shop, 'packages/shop')
  assert.deepEqual(completeManifest(once, 'packages/shop'), once)
  const { './express': _, ...rest } = once.exports ?? {}
  const fewer = completeManifest({ ...once, exports: rest }, 'packages/shop')
  assert.equal('typesVersions' in fewer, false)
})

test('a package is said to lie in its folder of the repository that the workspace names', () => {
  const repository = { type: 'git', url: 'git+https://git.example/shop.git' }
  assert.deepEqual(completeManifest(shop, 'packages/shop', repository).repository, {
    ...repository,
    directory: 'packages/shop',
  })
})
