/** Thrown by an adapter whose system does not answer. A story turns it into `dependency_down`: 503, never a yes. */
export class DependencyDown extends Error {
  readonly dependency: string

  constructor(dependency: string, cause: unknown) {
    super(
      `${dependency} does not answer: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
    this.name = 'DependencyDown'
    this.dependency = dependency
  }
}
