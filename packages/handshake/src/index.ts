export * from './key-schedule.ts';
export * from './packet-protection.ts';
export * from './replay-window.ts';
