import * as z from 'zod';
import { json } from './scalars.ts';

const MAX_KEYS = 64;
const MAX_BYTES = 16_384;

export const userDataKey = z.string().min(1).max(64);

/** What a user keeps with an object of his: keys of 1 to 64 characters, any JSON as values, 16 KiB in all. */
export const userData = z
  .record(userDataKey, json)
  .refine((data) => Object.keys(data).length <= MAX_KEYS, `holds more than ${MAX_KEYS} keys`)
  .refine((data) => JSON.stringify(data).length <= MAX_BYTES, 'is more than 16 KiB of JSON')
  .describe('Keys and values of the user, at most 64 keys and 16 KiB of JSON in all.');

export type UserData = z.output<typeof userData>;
