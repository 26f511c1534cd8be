export * from './connection/connection.ts';
export { RangeSet } from './connection/range-set.ts';
export * from './contract.ts';
export * from './endpoint/endpoint.ts';
export * from './endpoint-contract.ts';
export type * from './handshake-driver.ts';
