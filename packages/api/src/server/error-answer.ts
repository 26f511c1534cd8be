import { JetStreamError } from '@jetstream/protocol';
import type * as z from 'zod';
import { httpStatusOf } from '../errors.ts';

/** What an answer says of an error. */
export interface ErrorBody {
  code: string;
  message: string;
  /** Object, path or host concerned; null: none. */
  subject: string | null;
  /** Argument that is wrong, e.g. `fileMappings[3].source`; null: none. */
  field: string | null;
  /** The same may succeed later without anybody changing anything. */
  retryable: boolean;
}

/** What is larger than it may be; it will be so again. */
export class TooLarge extends JetStreamError {
  constructor(limitBytes: number) {
    super('limit-exceeded', `the request is larger than ${limitBytes.toLocaleString('en')} bytes`);
  }

  override get retryable(): boolean {
    return false;
  }
}

/** What would be answered is longer than an answer may be; it will be so again. */
export class AnswerTooLarge extends JetStreamError {
  constructor(limitBytes: number) {
    super(
      'limit-exceeded',
      `the answer would be larger than ${limitBytes.toLocaleString('en')} bytes: ask for less of it (limit, offset)`,
    );
  }

  override get retryable(): boolean {
    return false;
  }
}

/** Whatever is none of ours is a fault of ours; what it says stays here. */
export function asJetStreamError(error: unknown): JetStreamError {
  if (error instanceof JetStreamError) return error;
  return new JetStreamError('internal', 'a fault in the server; its log says more', { cause: error });
}

export function errorAnswer(error: unknown): { status: number; body: { error: ErrorBody } } {
  const known = asJetStreamError(error);
  const { code, message, subject = null, field = null, retryable } = known;
  const status = known instanceof TooLarge ? 413 : httpStatusOf(code);
  return { status, body: { error: { code, message, subject, field, retryable } } };
}

/** Names the first argument that is wrong. What was given is not repeated: it may be a secret. */
export function wrongArgument({ issues }: z.ZodError): JetStreamError {
  const issue = issues[0]!;
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path;
  const field = path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .slice(1, 256);
  const what = issue.code === 'unrecognized_keys' ? 'there is no such argument' : firstLine(issue.message);
  if (field === '') return new JetStreamError('invalid-argument', what);
  return new JetStreamError('invalid-argument', `${field}: ${what}`, { field });
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]!;
}
