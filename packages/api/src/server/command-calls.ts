import { JetStreamError } from '@jetstream/protocol';
import { type CommandName, commandDefinition, isCommandName } from '../commands/commands.ts';
import type { Access } from '../commands/definition.ts';
import { parseParameters } from '../commands/parse-parameters.ts';
import type { ApiHandlers } from '../contract.ts';
import { API_VERSION } from '../schema/server-information.ts';
import { callerOf, type Peer } from './peer.ts';
import { mayBe, requestOwner, type SessionParts, sessionCommands } from './session-commands.ts';

/** How often it is made sure that an account may still be what a session was raised to. */
const ROLE_CHECK_MS = 10_000;

type Handler = (parameters: unknown, peer: Peer, signal: AbortSignal) => unknown;

/**
 * Has the work done.
 * @param given the named arguments, as they came
 * @returns what the answer says
 * @throws whatever is wrong, to be told with `errorAnswer`
 */
export type AdmittedCall = (given: unknown) => Promise<unknown>;

/** Answers commands, whichever way they come: checks who calls and what with, and has the work done. */
export class CommandCalls {
  readonly #parts: SessionParts;
  readonly #handlers = new Map<CommandName, Handler>();
  readonly #ready: Promise<void> | undefined;
  #closing = false;

  /** @param ready calls wait for it */
  constructor(parts: SessionParts, handlers: Partial<ApiHandlers>, ready?: Promise<void>) {
    this.#parts = parts;
    this.#ready = ready;
    for (const [name, handler] of Object.entries(sessionCommands(parts))) {
      this.#handlers.set(name as CommandName, handler as Handler);
    }
    for (const [name, handler] of Object.entries(handlers) as [
      CommandName,
      (...all: unknown[]) => unknown,
    ][]) {
      this.#handlers.set(name, (parameters, peer, signal) => handler(parameters, callerOf(peer), { signal }));
    }
  }

  /** From now on every command is refused with `server-closing`. */
  refuse(): void {
    this.#closing = true;
  }

  /**
   * Whether a peer may call a command: asked before its arguments are read.
   * @param name as it came
   * @throws JetStreamError `server-closing`, `not-found`, `unauthenticated`, `permission-denied`
   */
  async admit(name: string, peer: Peer): Promise<AdmittedCall> {
    await this.#ready;
    if (this.#closing) throw new JetStreamError('server-closing', 'the server is shutting down');
    const handler = isCommandName(name) ? this.#handlers.get(name) : undefined;
    if (!isCommandName(name) || !handler) {
      throw new JetStreamError(
        'not-found',
        `this server (API version ${API_VERSION}) has no command ${JSON.stringify(name.slice(0, 64))}`,
      );
    }
    await this.confirm(peer);
    checkAccess(commandDefinition(name).access, peer, name);
    return async (given) => {
      // A body may have been long in coming, and other commands of a WebSocket come in between.
      await this.confirm(peer);
      checkAccess(commandDefinition(name).access, peer, name);
      return this.#run(name, handler, given, peer);
    };
  }

  async #run(name: CommandName, handler: Handler, given: unknown, peer: Peer): Promise<unknown> {
    const parameters = parseParameters(name, given);
    if (!commandDefinition(name).work) return handler(parameters, peer, peer.signal);

    const run = async (signal: AbortSignal) => handler(parameters, peer, signal);
    return { requestId: this.#parts.requests.start(requestOwner(peer.session?.identity), run) };
  }

  /**
   * Who was let in once may not be any more: the peer then has no session. Uses the session.
   * @throws JetStreamError when the system cannot say what an account may be
   */
  async confirm(peer: Peer): Promise<void> {
    const { sessions, authenticator, nowMs } = this.#parts;
    const session = peer.session && sessions.use(peer.session);
    peer.session = session;
    if (session && !(await authenticator.mayGoOn(session.identity, peer.remoteAddress)))
      sessions.close(session);
    // Another command of a WebSocket may have begun another one meanwhile.
    if (peer.session && !sessions.has(peer.session)) peer.session = undefined;
    if (!session || nowMs() < session.rolesCheckedMs + ROLE_CHECK_MS) return;
    session.rolesCheckedMs = nowMs();
    for (const role of ['superuser', 'wrangler'] as const) {
      if (session[role]) session[role] = await mayBe(authenticator, role, session.identity.account);
    }
  }
}

function checkAccess(access: Access, { session }: Peer, name: string): void {
  if (access === 'anyone') return;
  if (!session)
    throw new JetStreamError('unauthenticated', `${name} needs a log-in; there was none, or it has ended`);
  if (access === 'superuser' && !session.superuser) {
    throw new JetStreamError(
      'permission-denied',
      `${name} is for superusers: call superuser first; on the command line, --superuser before the command does that`,
    );
  }
}
