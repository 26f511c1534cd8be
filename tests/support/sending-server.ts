import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiClient, connectApi } from '@jetstream/core/api-client';
import { authorize, type ServerProcess, startServer } from '../../tools/programs/src/programs.mjs';

/** A server with an API, that may be killed and started again on the same directories and the same UDP port. */
export class SendingServer {
  readonly sandbox: string;
  readonly #state: string;
  readonly #config: string;
  readonly #options: readonly string[];
  #process: ServerProcess | undefined;
  #api: ApiClient | undefined;

  constructor(base: string, name: string, config: string, options: readonly string[] = []) {
    this.#config = config;
    this.#options = options;
    this.sandbox = join(base, name, 'sandbox');
    this.#state = join(base, name, 'state');
    for (const directory of [this.sandbox, this.#state])
      mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  get port(): number {
    return this.#process!.port;
  }

  get log(): string {
    return this.#process!.log;
  }

  async start(port = 0): Promise<void> {
    const parameters = ['--recv-host', '127.0.0.1', '--recv-port', String(port)];
    parameters.push('--api-host', '127.0.0.1', '--api-port', '0', '--sandbox-dir', this.sandbox);
    this.#process = await startServer(
      [...parameters, '--persistent-state-dir', this.#state, '--log-level', 'warn', ...this.#options],
      { env: { JETSTREAM_CONFIG_DIR: this.#config, SSH_AUTH_SOCK: undefined } },
    );
  }

  /** Logged in as who runs the test, by its key. */
  async api(): Promise<ApiClient> {
    this.#api ??= await connectApi({
      host: '127.0.0.1',
      port: this.#process!.apiPort!,
      configDirectory: this.#config,
      unknownHost: 'accept-new',
      environment: {},
    });
    return this.#api;
  }

  async stop(signal: NodeJS.Signals): Promise<void> {
    await this.#process?.stop(signal);
    await this.#api?.close();
    this.#api = undefined;
  }

  async killAndRestart(): Promise<void> {
    const { port } = this;
    await this.stop('SIGKILL');
    await this.start(port);
  }
}

/** Two servers of one user: what one sends, the other takes. */
export class ServerPair {
  readonly base = mkdtempSync(join(tmpdir(), 'jetstream-queue-'));
  readonly sender: SendingServer;
  readonly receiver: SendingServer;
  readonly #config = join(this.base, 'config');

  private constructor(senderOptions: readonly string[]) {
    chmodSync(this.base, 0o755);
    this.sender = new SendingServer(this.base, 'sender', this.#config, senderOptions);
    this.receiver = new SendingServer(this.base, 'receiver', this.#config);
  }

  static async open(senderOptions: readonly string[] = []): Promise<ServerPair> {
    const pair = new ServerPair(senderOptions);
    for (const name of ['sender', 'receiver']) await authorize(pair.#config, join(pair.base, name, 'state'));
    return pair;
  }

  async close(): Promise<void> {
    await Promise.all([this.sender.stop('SIGKILL'), this.receiver.stop('SIGKILL')]);
    rmSync(this.base, { recursive: true, force: true });
  }
}
