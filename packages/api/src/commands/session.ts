import * as z from 'zod';
import { eventNames } from '../schema/event.ts';
import { requestStatus } from '../schema/request.ts';
import { json, password, requestId, tokenSecret, userName } from '../schema/scalars.ts';
import { session } from '../schema/session.ts';
import { type CommandDefinition, later, nothing } from './definition.ts';

const base64 = (bytes: number) => z.base64().max(Math.ceil(bytes / 3) * 4);
const logIn = z.strictObject({ user: userName, password: password });

/** Commands about the session itself: the HTTPS server's own. */
export const SESSION_COMMANDS = {
  auth: {
    summary: 'Log in with a password',
    parameters: logIn,
    result: session,
    access: 'anyone',
  },
  authAsync: {
    summary: 'Log in with a password, without waiting',
    parameters: logIn,
    ...later(session),
    access: 'anyone',
  },
  authChallenge: {
    summary: 'Ask for what a login key signs',
    parameters: nothing,
    result: z
      .object({ challenge: base64(32).describe('32 random bytes, base64; good for one log-in within 30 s.') })
      .meta({ id: 'Challenge' }),
    access: 'anyone',
  },
  authPublicKey: {
    summary: 'Log in with an Ed25519 key',
    parameters: z.strictObject({
      user: userName,
      challenge: base64(32).describe('As authChallenge gave it.'),
      offers: z
        .array(
          z.strictObject({
            publicKey: base64(64).describe('ssh-ed25519 key in SSH wire form, base64.'),
            signature: base64(64).describe(
              '64 bytes, base64, over loginSignatureInput(boundChallenge(…), user).',
            ),
          }),
        )
        .min(1)
        .max(16)
        .describe('Keys that may be let in, each with a signature.'),
    }),
    result: session,
    access: 'anyone',
  },
  authToken: {
    summary: 'Log in with an API token',
    parameters: z.strictObject({ token: tokenSecret, password: password.optional() }),
    result: session,
    access: 'anyone',
  },
  logout: { summary: 'End this session', parameters: nothing, result: z.null(), access: 'user' },
  superuser: {
    summary: 'Raise this session to superuser',
    parameters: nothing,
    result: session,
    access: 'user',
  },
  wrangler: {
    summary: 'Raise this session to wrangler',
    parameters: nothing,
    result: session,
    access: 'user',
  },
  getRequestStatus: {
    summary: 'Tell how far the work of an …Async command is',
    parameters: z.strictObject({ requestId }),
    result: requestStatus,
    access: 'anyone',
  },
  getRequestResult: {
    summary: 'Wait for the work of an …Async command, and give its result or its error',
    parameters: z.strictObject({
      requestId,
      timeoutMs: z
        .int()
        .min(0)
        .max(60_000)
        .default(60_000)
        .describe('After this, ms, `limit-exceeded`: ask again.'),
    }),
    result: json,
    access: 'anyone',
  },
  subscribe: {
    summary: 'Have events sent over this WebSocket',
    parameters: z.strictObject({ events: eventNames }),
    result: z.null(),
    access: 'user',
  },
  unsubscribe: {
    summary: 'Have no more events sent over this WebSocket',
    parameters: nothing,
    result: z.null(),
    access: 'user',
  },
} as const satisfies Record<string, CommandDefinition>;
