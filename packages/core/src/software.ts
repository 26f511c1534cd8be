import { aeadProvider } from '@jetstream/platform';

/** Name and version as told to peers and by `--version`. */
export const VERSION = '0.1.0';
export const SOFTWARE = `jetstream/${VERSION}`;
export { aeadProvider };
