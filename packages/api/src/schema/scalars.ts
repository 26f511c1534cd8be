import { MAX_RATE_BYTES_PER_SECOND, MIN_RATE_BYTES_PER_SECOND } from '@jetstream/protocol';
import * as z from 'zod';

/** Bounds of what a caller may send, in one place; docs/LIMITS.md names them. */
export const MAX_PATH_BYTES = 4_096;
export const MAX_LIST = 10_000;
export const DEFAULT_LIST = 1_000;
export const MAX_MAPPINGS = 100_000;
const MAX_TEXT = 1_024;
const MAX_ID = 64;
/** Of one byte. */
const KILOBITS = 8 / 1_000;

const encoder = new TextEncoder();
const isWithinBytes = (limit: number) => (text: string) => encoder.encode(text).length <= limit;

/** 32 hex digits as this server makes them; whoever reads one takes it as opaque. */
export const id = z
  .string()
  .min(1)
  .max(MAX_ID)
  .regex(/^[\w.:-]+$/, 'is no id');

export const connectionId = id.describe('Of the link to a destination.');
export const destinationId = id.describe('Of the destination.');
export const manifestId = id.describe('Of the manifest.');
export const transferId = id.describe('Of the transfer.');
export const requestId = id.describe('Of the request.');

/** NUL never stands in a path; what else a path may be is the path rule's business. */
export const path = z
  .string()
  .max(MAX_PATH_BYTES)
  .refine(isWithinBytes(MAX_PATH_BYTES), `is longer than ${MAX_PATH_BYTES.toLocaleString('en')} bytes`)
  .refine((text) => !text.includes('\0'), 'holds a NUL');

export const text = z.string().max(MAX_TEXT);
export const description = text.describe('For people.');
export const userName = z
  .string()
  .min(1)
  .max(256)
  // What is shown to people and kept in logs.
  .regex(/^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}]*$/u, 'holds control characters')
  .describe('Name of an account.');
/** A secret of a caller: never logged, never given out. */
export const password = z.string().min(1).max(MAX_TEXT).describe('Secret.');
export const tokenId = z.string().min(1).max(256).describe('Id of the token.');
/** What one logs in with. */
export const tokenSecret = z
  .string()
  .min(1)
  .max(256)
  .describe('Secret of a token, as it was told when it was made.');
/** 32 bytes of X25519 in base64: `publicKey` of the other's getServerInfo. */
export const publicKey = z.string().regex(/^[A-Za-z0-9+/]{43}=$/, 'is no base64 of 32 bytes');
export const port = z.int().min(1).max(65_535);
/** A host name, an IPv4 address, or an IPv6 address without brackets. */
export const hostAddress = z
  .string()
  .min(1)
  .max(255)
  // Not "-" first: programs that it is handed to would take it for an option.
  .regex(/^[\w:][\w.:%-]*$/, 'is no host name or address');
/** Microseconds since 1970-01-01 00:00 UTC. */
export const timeUs = z.int().min(0);
/** Decimal kilobits a second. */
export const rateKbps = z
  .int()
  .min(KILOBITS * MIN_RATE_BYTES_PER_SECOND)
  .max(KILOBITS * MAX_RATE_BYTES_PER_SECOND);
export const count = z.int().min(0);
export const errorCode = z.string().describe('Code of the error, as in docs/ERRORS.md; null: none.');
export const errorMessage = z.string().describe('What went wrong, in one line; null: nothing.');
export const sourceIP = z.string().describe('Address of the sender.');

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
/** Whatever JSON can say; how deep and how much is bounded for all parameters together (`parseParameters`). */
export const json: z.ZodType<Json> = z
  .lazy(() =>
    z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(json), z.record(z.string(), json)]),
  )
  .meta({ id: 'Json' });
