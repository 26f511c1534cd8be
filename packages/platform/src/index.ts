export type * from './beneath-root/contract.ts';
