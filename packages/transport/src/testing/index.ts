/** For tests of this package and for the simulator; not part of the public face. */
export * from './check-congestion-state.ts';
export * from './connected-pair.ts';
export * from './connection-memory.ts';
export * from './counting-pool.ts';
export * from './null-aead.ts';
export * from './virtual-path.ts';
