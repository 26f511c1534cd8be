// Loaded into a program by NODE_OPTIONS=--import: its clock falls back an hour once the file of CLOCK_FALLS_BACK_WHEN is there.
import { existsSync } from 'node:fs';

const HOUR_MS = 3_600_000;
const sign = process.env.CLOCK_FALLS_BACK_WHEN ?? '';
const now = Date.now;
let isBack = false;

Date.now = () => {
  isBack ||= existsSync(sign);
  return now() - (isBack ? HOUR_MS : 0);
};
globalThis.Date = new Proxy(Date, {
  construct: (target, parameters) =>
    Reflect.construct(target, parameters.length > 0 ? parameters : [target.now()]),
});
