import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { ERROR_CODES, type ErrorCode, JetStreamError } from '@jetstream/protocol';
import type { PinnedAgent } from './pinned-agent.ts';

/** More than any list of a server is long. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

export interface JsonRequest {
  host: string;
  port: number;
  path: string;
  agent: PinnedAgent;
  sessionToken: string | undefined;
  body: unknown;
  /** From the request to the end of its answer. */
  timeoutMs: number;
  signal: AbortSignal | undefined;
}

/**
 * Posts JSON, and gives the JSON that is answered.
 * @throws JetStreamError what the server answered, or why there is no answer: `host-unreachable`, `host-unresolved`,
 *   `connection-lost`, `cancelled`, `protocol-violation`, or what the check of the certificate threw
 */
export async function postJson(what: JsonRequest): Promise<unknown> {
  const { signal, timeoutMs } = what;
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await send(what, signal ? AbortSignal.any([signal, deadline]) : deadline);
    const value = parse(answer.text, place(what));
    if (answer.status === 200) return value;
    throw errorOf(value, place(what), answer.status);
  } catch (error) {
    if (signal?.aborted) throw new JetStreamError('cancelled', 'stopped on request');
    if (deadline.aborted) {
      throw new JetStreamError(
        'connection-lost',
        `${place(what)} did not answer within ${timeoutMs / 1_000} s`,
      );
    }
    throw networkError(error, place(what));
  }
}

function send(
  { host, port, path, agent, sessionToken, body }: JsonRequest,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  const text = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host,
        port,
        path,
        agent,
        signal,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
          ...(sessionToken !== undefined && { authorization: `Bearer ${sessionToken}` }),
        },
      },
      (answer) => read(answer).then((text) => resolve({ status: answer.statusCode ?? 0, text }), reject),
    );
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}

async function read(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer) {
    bytes += piece.length;
    if (bytes > MAX_ANSWER_BYTES) throw new JetStreamError('limit-exceeded', 'the answer is too long');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw noJetStream(where, 'no JSON');
  }
}

/** The error that the body of an answer tells; codes of newer servers count as `internal`. @param where as of `networkError` */
export function errorOf(body: unknown, where: string, status?: number): JetStreamError {
  const error = (body as { error?: Partial<Record<string, unknown>> } | null)?.error;
  if (typeof error?.message !== 'string') return noJetStream(where, `status ${status}`);
  const code = String(error.code);
  return new JetStreamError(
    Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'internal',
    error.message,
    {
      ...(typeof error.subject === 'string' && { subject: error.subject }),
      ...(typeof error.field === 'string' && { field: error.field }),
    },
  );
}

function noJetStream(where: string, why: string, cause?: unknown): JetStreamError {
  return new JetStreamError(
    'protocol-violation',
    `${where}: what answers there is no API of a JetStream server (${why}); is that its port?`,
    { subject: where, cause },
  );
}

const UNRESOLVED = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_NONAME', 'EINVAL']);
const LOST = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
  'EACCES',
  'EPERM',
]);

/** Why a connection could not be made, or ended. @param where host and port, for the message */
export function networkError(error: unknown, where: string): JetStreamError {
  if (error instanceof JetStreamError) return error;
  // What OpenSSL says is long; `reason` is the part for people.
  const { code = '', message, reason = message } = error as NodeJS.ErrnoException & { reason?: string };
  const options = { subject: where, cause: error };
  if (UNRESOLVED.has(code))
    return new JetStreamError('host-unresolved', `${where}: the name has no address; is it right?`, options);
  if (UNREACHABLE.has(code)) {
    return new JetStreamError(
      'host-unreachable',
      `${where}: no API of a JetStream server answers (${code}); is the server up, and is that its port?`,
      options,
    );
  }
  if (LOST.has(code))
    return new JetStreamError('connection-lost', `${where}: the connection was lost`, options);
  return noJetStream(where, reason, error);
}

/** For messages. */
export function place({ host, port }: { host: string; port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
