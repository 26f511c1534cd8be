import { Client, type ClientOptions, type ClientSession } from '@jetstream/core';
import { JetStreamError } from '@jetstream/protocol';
import { confirmHost } from './confirm-host.ts';
import { asJetStreamError } from './error-line.ts';
import type { JscpOptions } from './options.ts';
import type { PasswordLogin } from './passwords.ts';

/**
 * Connects and logs in. A host not seen before is asked about when somebody is there to answer. The question is put
 * between two connections, because the server gives a login ten seconds and a person may take longer; the second
 * connection accepts the very key that was confirmed and no other.
 */
export async function connect(
  options: JscpOptions,
  interactive: boolean,
  password: PasswordLogin | undefined,
  signal: AbortSignal,
): Promise<ClientSession> {
  const clientOptions = { ...toClientOptions(options, signal), ...password };
  if (options.acceptNew) return Client.connect({ ...clientOptions, unknownHost: 'accept-new' });

  let offered: { name: string; fingerprint: string } | undefined;
  const noteAndRefuse = async (host: { name: string; fingerprint: string }) => {
    offered = host;
    return false;
  };
  try {
    return await Client.connect({ ...clientOptions, unknownHost: noteAndRefuse });
  } catch (error) {
    if (asJetStreamError(error).code !== 'host-key-unknown' || !offered) throw error;
  }
  const { name, fingerprint } = offered;
  if (!interactive || !(await confirmHost(offered, signal))) {
    if (signal.aborted) throw new JetStreamError('cancelled', 'cancelled');
    throw new JetStreamError(
      'host-key-unknown',
      `the key of ${name} is not known: ${fingerprint}; compare it with the one in the server's log, then run jscp with --accept-new once`,
      { subject: name },
    );
  }
  return Client.connect({
    ...clientOptions,
    unknownHost: async (host) => host.fingerprint === fingerprint,
  });
}

function toClientOptions(options: JscpOptions, signal: AbortSignal): ClientOptions {
  const { plan, port, identityFile, token, knownHostsFile, ratePolicy, congestion, portable, pathMemory } =
    options;
  return {
    host: plan.host,
    connectTimeoutMs: options.connectTimeoutMs,
    reconnectTimeoutMs: options.reconnectTimeoutMs,
    signal,
    portable,
    // The copy travels with the login; a refusal fails it.
    awaitLogin: false,
    ...(plan.direction === 'download' && { downloadTargets: plan.mappings.map(({ target }) => target) }),
    ...(!pathMemory && { pathStore: false as const }),
    ...(port !== undefined && { port }),
    ...(plan.user !== undefined && { user: plan.user }),
    ...(identityFile !== undefined && { identityFile }),
    ...(token !== undefined && { token: token.token }),
    ...(token?.password !== undefined && { tokenPassword: token.password }),
    ...(knownHostsFile !== undefined && { knownHostsFile }),
    ...(ratePolicy !== undefined && { ratePolicy }),
    ...(congestion !== undefined && { congestion }),
  };
}
