import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectClient } from '../client/client.ts';
import { clientIdentityLine } from '../client/identity.ts';
import type { Clock } from '../clock.ts';
import type { ClientOptions, ClientSession, RunningServer, ServerOptions } from '../contract.ts';
import { Server } from '../server/server.ts';
import type { Service } from '../service/service.ts';

/** A sandboxed server on loopback that lets this test's own identity in; everything lives in one temporary directory. */
export class TestServer {
  readonly base = mkdtempSync(join(tmpdir(), 'jetstream-core-'));
  readonly sandbox = this.directory('sandbox');
  readonly source = this.directory('source');
  readonly config = this.directory('config');
  readonly #sessions: ClientSession[] = [];
  #server: RunningServer | undefined;

  static async start(options: ServerOptions = {}): Promise<TestServer> {
    const test = new TestServer();
    writeFileSync(test.authorizedKeys, `${await clientIdentityLine(test.config)}\n`, { mode: 0o600 });
    await test.startServer(options);
    return test;
  }

  /** Another one on the same directories, when the one before has been closed. */
  async startServer(options: ServerOptions = {}): Promise<void> {
    this.#server = await Server.start({
      port: 0,
      host: '127.0.0.1',
      sandboxDirectory: this.sandbox,
      stateDirectory: this.directory('state'),
      triggerDirectory: this.directory('triggers'),
      logLevel: 'silent',
      api: false,
      ...options,
    });
  }

  get authorizedKeys(): string {
    return join(this.directory('state'), 'authorized_keys');
  }

  get service(): Service {
    return (this.#server as unknown as { service: Service }).service;
  }

  get server(): RunningServer {
    return this.#server!;
  }

  directory(name: string): string {
    const path = join(this.base, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  }

  async connect(options: Partial<ClientOptions> = {}, clock?: Clock): Promise<ClientSession> {
    const session = await connectClient(
      {
        host: '127.0.0.1',
        port: this.server.port,
        configDirectory: this.config,
        stateDirectory: this.directory('client-state'),
        unknownHost: 'accept-new',
        ...options,
      },
      clock,
    );
    this.#sessions.push(session);
    return session;
  }

  /** Closes all sessions. */
  async disconnect(): Promise<void> {
    await Promise.all(this.#sessions.splice(0).map((session) => session.close()));
  }

  async end(): Promise<void> {
    await this.disconnect();
    await this.#server?.close();
    rmSync(this.base, { recursive: true, force: true });
  }
}
