export * from './cookie.ts';
export * from './key-schedule.ts';
export * from './noise-xx.ts';
export * from './packet-protection.ts';
export * from './replay-window.ts';
export * from './static-key.ts';
export { X25519_BYTES } from './x25519.ts';
