import { askPassword, confirmCertificate, connectApi } from '@jetstream/core/api-client';
import { type ErrorCode, JetStreamError } from '@jetstream/protocol';
import type { CopyView } from '../copy-view.ts';
import { asJetStreamError } from '../error-line.ts';
import { printable } from '../printable.ts';
import { FollowedCopy } from './followed-copy.ts';
import type { ViaOptions } from './via-options.ts';
import { ViaSession } from './via-session.ts';

/**
 * Has one server copy to another: logs in at its API, begins a transfer, and follows it to its end.
 * @returns the exit status: 0, or that of the failed files
 * @throws JetStreamError when the copy could not run to its end
 */
export async function copyVia(
  options: ViaOptions,
  interactive: boolean,
  view: CopyView,
  signal: AbortSignal,
): Promise<number> {
  const { host } = options.via;
  const session = await ViaSession.open({
    connect: connector(options, interactive, signal),
    reconnectTimeoutMs: options.reconnectTimeoutMs,
    signal,
    onLost: ({ message }) =>
      view.note(`the connection to ${host} is lost (${message}): the copy goes on there`),
    onBack: () => view.note(`connected to ${host} again`),
  });
  try {
    const ids = await submit(session, options);
    view.submitted(ids.transferId);
    if (options.detach) {
      if (options.output !== 'json') process.stdout.write(`${ids.transferId}\n`);
      return 0;
    }
    return await new FollowedCopy(session, ids, options, view, signal).run();
  } finally {
    await session.logOut();
  }
}

/** Somebody who typed a password is not asked for it again when the connection was lost. */
function connector({ via, ...options }: ViaOptions, interactive: boolean, signal: AbortSignal) {
  const { acceptNew, identityFile, connectTimeoutMs } = options;
  let typed: string | undefined;
  return () =>
    connectApi({
      host: via.host,
      port: via.port,
      connectTimeoutMs,
      ...(via.user !== undefined && { user: via.user }),
      ...(identityFile !== undefined && { identityFile }),
      ...(interactive && {
        unknownHost: (server: { name: string; fingerprint: string }) => confirmCertificate(server, signal),
        askPassword: async (user: string, host: string) => {
          typed ??= await askPassword(`Password of ${printable(user)} at ${printable(host)}: `, signal);
          return typed;
        },
      }),
      ...(acceptNew && { unknownHost: 'accept-new' as const }),
    });
}

/** Once only: a copy that may have been begun is not begun again. */
async function submit(
  session: ViaSession,
  { submission, via }: ViaOptions,
): Promise<{ transferId: string; manifestId: string }> {
  try {
    const { transfer } = await session.once((client) => client.call('send.submitTransfer', submission));
    const { transferId, manifestId } = transfer;
    // They are printed.
    if ([transferId, manifestId].every((id) => /^[0-9a-f]{32}$/.test(id))) return { transferId, manifestId };
    throw new JetStreamError('protocol-violation', 'the server gave the transfer an id that is none');
  } catch (thrown) {
    const error = asJetStreamError(thrown);
    const isUncertain: ReadonlySet<ErrorCode> = new Set(['connection-lost', 'protocol-violation']);
    if (!isUncertain.has(error.code)) throw error;
    throw new JetStreamError(
      error.code,
      `${error.message}; whether the copy was begun is not known: jetstream api --host ${via.host} getTransfers lists those that were`,
      { cause: error },
    );
  }
}
