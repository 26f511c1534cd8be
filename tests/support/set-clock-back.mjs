// Loaded into a program by NODE_OPTIONS=--import=file:…?FILE: its clock falls back an hour once FILE is there.
import { existsSync } from 'node:fs';

const HOUR_MS = 3_600_000;
const sign = decodeURIComponent(new URL(import.meta.url).search.slice(1));
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
