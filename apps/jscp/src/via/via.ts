/** All that only a copy from server to server needs, loaded for one alone. */
export { copyVia } from './copy-via.ts';
export { readViaOptions } from './via-options.ts';
