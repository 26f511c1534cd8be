/** Paths of files, of which those of one directory come on end: that of the directory is put together once for all of them. */
export class SiblingPaths<Directory extends object> {
  readonly #componentsOf: (directory: Directory) => readonly string[];
  #directory: Directory | undefined;
  #path = '';

  /** @param componentsOf from the root; none: it is the root */
  constructor(componentsOf: (directory: Directory) => readonly string[]) {
    this.#componentsOf = componentsOf;
  }

  /** Begins with "/"; not escaped. */
  of(directory: Directory, name: string): string {
    if (directory !== this.#directory) {
      this.#directory = directory;
      this.#path = ['', ...this.#componentsOf(directory)].join('/');
    }
    return `${this.#path}/${name}`;
  }
}
