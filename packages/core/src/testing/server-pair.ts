import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { currentUser } from '@jetstream/platform';
import type { ServerOptions } from '../contract.ts';
import { TestServer } from './test-server.ts';

/** Two servers, the one sending to the other, which lets it in by its host key alone: nobody has an identity while they are there. */
export class ServerPair {
  readonly sender: TestServer;
  readonly receiver: TestServer;
  readonly #ownConfig = process.env.JETSTREAM_CONFIG_DIR;

  private constructor(sender: TestServer, receiver: TestServer) {
    this.sender = sender;
    this.receiver = receiver;
    process.env.JETSTREAM_CONFIG_DIR = sender.directory('empty');
  }

  static async start(sending: ServerOptions = {}): Promise<ServerPair> {
    const pair = new ServerPair(...(await Promise.all([TestServer.start(sending), TestServer.start()])));
    await pair.trust();
    return pair;
  }

  async trust(): Promise<void> {
    const parameters = { clientPublicKey: this.#senderKey, account: currentUser().name };
    await this.#trustCommands['recv.addAuthorizedClientAsync'](parameters);
  }

  async distrust(): Promise<void> {
    await this.#trustCommands['recv.removeAuthorizedClientAsync']({ clientPublicKey: this.#senderKey });
  }

  /** Makes a file that the sender can send. */
  readonly put = (path: string, content: string | Buffer): void =>
    writeFileSync(join(this.sender.sandbox, path), content);

  /** Where the receiver has what was sent to /in. */
  readonly received = (path: string): string => join(this.receiver.sandbox, 'in', path);

  /** Removes all files of either. */
  clear(): void {
    for (const { sandbox } of [this.sender, this.receiver]) {
      for (const name of readdirSync(sandbox)) rmSync(join(sandbox, name), { recursive: true });
    }
  }

  async end(): Promise<void> {
    if (this.#ownConfig === undefined) delete process.env.JETSTREAM_CONFIG_DIR;
    else process.env.JETSTREAM_CONFIG_DIR = this.#ownConfig;
    await Promise.all([this.sender.end(), this.receiver.end()]);
  }

  get #trustCommands() {
    return this.receiver.service.parts.authorizedClients.commands;
  }

  get #senderKey(): string {
    return Buffer.from(this.sender.service.context.hostKey.publicKey).toString('base64');
  }
}
