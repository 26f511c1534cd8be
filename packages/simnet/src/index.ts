export * from './datagram-host.ts';
export * from './link.ts';
export * from './link-options.ts';
export * from './loss-models/loss-model.ts';
export * from './random.ts';
export * from './simulation.ts';
export * from './step-schedule.ts';
export * from './time-series.ts';
