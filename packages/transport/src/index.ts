export * from './contract.ts';
export * from './endpoint-contract.ts';
