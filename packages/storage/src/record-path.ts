/** From names beneath a root to an absolute path at this machine: by it records tell files apart. */
export type PathOf = (components: readonly string[]) => string;

export const pathInSystem: PathOf = (components) => `/${components.join('/')}`;
