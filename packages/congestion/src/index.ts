export * from './check-invariants.ts';
export * from './controller.ts';
export * from './create-controller.ts';
export * from './delivery-rate-estimator.ts';
export * from './pacer.ts';
export * from './policy-controller.ts';
export * from './rate-policy.ts';
export { RttEstimator } from './rtt-estimator.ts';
export * from './samples.ts';
