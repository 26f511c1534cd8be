import { randomBytes } from 'node:crypto';
import { JetStreamError } from '@jetstream/protocol';
import { type Connection, TransportEndpoint } from '@jetstream/transport';
import { BlockMemory } from '../datagram/block-memory.ts';
import { DatagramDriver } from '../datagram/datagram-driver.ts';
import { monotonicNowUs } from '../datagram/monotonic-clock.ts';
import { Session } from '../session/session.ts';
import { aeadProvider, SOFTWARE } from '../software.ts';

/** A second address is tried while the first has not answered for so long (RFC 8305). */
const NEXT_ADDRESS_AFTER_MS = 300;
/** Blocks in memory for one client: 256 MiB at the very most, allocated only when a long fast path needs them. */
const CLIENT_MAX_BLOCKS = 256;

export interface ConnectRequest {
  addresses: readonly string[];
  port: number;
  hostName: string;
  timeoutMs: number;
  congestion: 'bbr' | 'cubic';
  signal: AbortSignal | undefined;
}

/** A session whose server has shown its key; the key is not accepted yet. */
export interface AnsweredConnection {
  session: Session;
  driver: DatagramDriver;
  memory: BlockMemory;
  serverKey: Uint8Array;
  address: string;
}

/**
 * Starts a handshake with each address in turn; the first that answers wins, the others are dropped.
 * @throws JetStreamError `host-unreachable` when none answers in time, `version-mismatch`, `cancelled`
 */
export async function connectToFirst(request: ConnectRequest): Promise<AnsweredConnection> {
  const memory = new BlockMemory(CLIENT_MAX_BLOCKS);
  const sessions = new Map<Connection, Session>();
  const driver = await DatagramDriver.open({
    path: { port: 0 },
    makeEndpoint: (path) =>
      new TransportEndpoint({
        // The server authenticates the user by a login key, not by this one: a fresh key tells it nothing about the client.
        staticPrivateKey: randomBytes(32),
        aead: aeadProvider(),
        blockPool: memory,
        randomBytes,
        software: SOFTWARE,
        acceptIncoming: false,
        congestion: request.congestion,
        handshakeTimeoutMs: request.timeoutMs,
        maxDatagramBytes: Math.max(...request.addresses.map((address) => path.maxDatagramBytesFor(address))),
      }),
    onReady: (connection) => sessions.get(connection)?.drainEvents(),
    onError: () => undefined,
  });
  const { endpoint } = driver;

  return await new Promise<AnsweredConnection>((resolve, reject) => {
    let next = 0;
    let timer: NodeJS.Timeout | undefined;
    let lastError: JetStreamError | undefined;
    const deadline = setTimeout(() => giveUp(lastError ?? unreachable(request)), request.timeoutMs);
    const onAbort = () => giveUp(new JetStreamError('cancelled', 'cancelled while connecting'));
    request.signal?.addEventListener('abort', onAbort);

    const settle = () => {
      clearTimeout(timer);
      clearTimeout(deadline);
      request.signal?.removeEventListener('abort', onAbort);
    };
    const giveUp = (error: JetStreamError) => {
      settle();
      void driver.close().then(() => reject(error));
    };
    const tryNext = () => {
      const address = request.addresses[next++];
      if (address === undefined) return;
      const connection = endpoint.connect(monotonicNowUs(), { address, port: request.port });
      const session: Session = new Session(connection, () => driver.schedule(), {
        onPeerKey: (serverKey) => {
          settle();
          for (const other of sessions.values()) if (other !== session) other.close('none', '');
          resolve({ session, driver, memory, serverKey, address });
        },
        onControl: () => undefined,
        onClosed: (error) => {
          lastError =
            error.code === 'version-mismatch' || error.code === 'handshake-failed' ? error : lastError;
          sessions.delete(connection);
          if (next < request.addresses.length) tryNext();
          else if (sessions.size === 0) giveUp(lastError ?? unreachable(request));
        },
      });
      sessions.set(connection, session);
      driver.schedule();
      timer = setTimeout(tryNext, NEXT_ADDRESS_AFTER_MS);
    };
    if (request.signal?.aborted === true) onAbort();
    else tryNext();
  });
}

function unreachable({ addresses, port, hostName, timeoutMs }: ConnectRequest): JetStreamError {
  const tried = addresses
    .map((address) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`))
    .join(', ');
  return new JetStreamError(
    'host-unreachable',
    `no answer from ${hostName} within ${timeoutMs / 1000} s (tried UDP ${tried}): check that a JetStream server runs there and that the firewall lets UDP ${port} through`,
    { subject: hostName },
  );
}
