/** For the tests of packages above this one. */
export { nodeAead } from './node-aead.ts';
