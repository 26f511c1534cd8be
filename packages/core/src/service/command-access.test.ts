import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ApiAuthenticator,
  type ApiIdentity,
  COMMANDS,
  type CommandName,
  commandDefinition,
} from '@jetstream/api';
import { ApiClient } from '@jetstream/api/client';
import { checkCertificate, createCertificate, startApiServer } from '@jetstream/api/server';
import { currentUser } from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../testing/test-server.ts';

/** What somebody gets: an error by its code, a list without members, or an answer. */
type Outcome = 'ok' | 'empty' | JetStreamError['code'];
/** What each gets: another user, a token of the owner that permits nothing, the owner. Nobody gets `nobody`, else is to log in. */
interface Expected {
  nobody?: Outcome;
  other: Outcome;
  token: Outcome;
  owner: Outcome;
  /** With a raised session. */
  superuser?: Outcome;
}
type Row = [CommandName, object, Expected];

const everyone = (outcome: Outcome, nobody?: Outcome): Expected => ({
  other: outcome,
  token: outcome,
  owner: outcome,
  ...(nobody !== undefined && { nobody }),
});
/** Of an object of the owner: nobody else is told that it is there. */
const hidden = (owner: Outcome = 'ok'): Expected => ({ other: 'not-found', token: 'not-found', owner });
const listed = (owner: Outcome = 'ok'): Expected => ({ other: 'empty', token: 'empty', owner });
/** As the account; the other one is none of this machine. */
const ofAccount = (owner: Outcome = 'ok'): Expected => ({
  other: 'permission-denied',
  token: 'permission-denied',
  owner,
});
const raised = (superuser: Outcome = 'ok'): Expected => ({ ...everyone('permission-denied'), superuser });

const KEY = Buffer.alloc(32, 1).toString('base64');
const NOWHERE = { destinationAddress: '127.0.0.1', destinationPort: 9 };

interface Ids {
  destinationId: string;
  manifestId: string;
  transferId: string;
  token: string;
  sharedToken: string;
  requestId: string;
}

/** In the order in which the owner calls them. */
function rows({ destinationId, manifestId, transferId, token, sharedToken, requestId }: Ids): Row[] {
  const files = ['/f:/f'];
  return [
    ['auth', { user: 'x', password: 'wrong' }, everyone('login-refused', 'login-refused')],
    ['authAsync', { user: 'x', password: 'wrong' }, everyone('login-refused', 'login-refused')],
    ['authChallenge', {}, everyone('ok', 'ok')],
    [
      'authPublicKey',
      { user: 'x', challenge: KEY, offers: [{ publicKey: KEY, signature: KEY }] },
      everyone('login-refused', 'login-refused'),
    ],
    ['authToken', { token: 'wrong' }, everyone('login-refused', 'login-refused')],
    ['getRequestStatus', { requestId }, { nobody: 'not-found', ...hidden() }],
    ['getRequestResult', { requestId }, { nobody: 'not-found', ...hidden('empty') }],
    ['subscribe', {}, everyone('invalid-argument')],
    ['unsubscribe', {}, everyone('ok')],
    ['getServerInfo', {}, everyone('ok', 'ok')],
    ['getThirdPartyLicenses', {}, everyone('empty', 'empty')],
    ['getEventLog', {}, listed()],
    ['echo', { message: 'x' }, everyone('ok')],
    ['sleep', { milliseconds: 0 }, everyone('ok')],
    [
      'sendDiscoverPacketAsync',
      { destinationAddress: '127.0.0.1', token: 'x' },
      everyone('invalid-argument'),
    ],
    ['recvDiscoverPacketAsync', { token: 'x', timeoutMs: 0 }, everyone('invalid-argument')],

    ['lsAsync', { path: '/' }, ofAccount()],
    ['lsListAsync', { paths: ['/'] }, ofAccount()],
    ['lsRootsAsync', {}, ofAccount()],
    ['duAsync', { path: '/' }, ofAccount()],
    ['mkdirAsync', { path: '/d' }, ofAccount()],
    ['mkFileAsync', { path: '/d/f' }, ofAccount()],
    ['mvAsync', { source: '/d/f', target: '/d/g' }, ofAccount()],
    ['rmAsync', { path: '/d', recursive: true }, ofAccount()],

    ['getAPIToken', { token }, hidden()],
    ['getAPITokens', {}, listed()],
    ['createAPIToken', {}, { other: 'ok', token: 'permission-denied', owner: 'ok' }],
    ['deleteAPIToken', { token }, hidden()],

    ['send.createDestination', NOWHERE, { other: 'ok', token: 'permission-denied', owner: 'ok' }],
    ['send.getDestination', { destinationId }, hidden()],
    ['send.getDestinations', {}, { other: 'ok', token: 'empty', owner: 'ok' }],
    ['send.updateDestination', { destinationId, description: 'x' }, hidden()],
    ['send.setSendRateAsync', { destinationId, sendRateMax: 1_000 }, hidden()],
    ['send.setSendRateAsync', { transferId, sendRateMax: 1_000 }, hidden()],
    ['send.getConnection', { connectionId: destinationId }, hidden()],
    ['send.getConnections', { destinationId }, listed()],

    ['send.createManifest', { fileMappings: files }, ofAccount()],
    ['send.getManifest', { manifestId }, hidden()],
    ['send.getManifests', {}, listed()],
    ['send.getManifestFiles', { manifestId }, hidden()],
    ['send.waitForManifest', { manifestId, timeoutMs: 0 }, hidden()],
    ['send.createSharedToken', { manifestId }, { ...hidden(), token: 'permission-denied' }],
    ['send.getSharedToken', { token: sharedToken }, hidden()],
    ['send.getSharedTokens', {}, listed()],

    ['send.createTransfer', { destinationId, manifestId }, { ...hidden(), token: 'permission-denied' }],
    ['send.submitTransfer', { destinationId, manifestId }, hidden()],
    [
      'send.submitTransfer',
      { destination: NOWHERE, manifestId },
      { ...hidden(), token: 'permission-denied' },
    ],
    ['send.submitTransfer', { destinationId, manifest: { fileMappings: files } }, hidden()],
    ['send.getTransfer', { transferId }, hidden()],
    ['send.getTransfers', {}, listed()],
    ['send.waitForTransfer', { transferId, timeoutMs: 0 }, hidden()],
    ['send.updateTransfer', { transferId, userData: { b: 1 } }, hidden()],
    ['send.updateObjectUserData', { destinationId, userData: { a: 1 } }, hidden()],
    ['send.updateObjectUserData', { manifestId, userData: { a: 1 } }, hidden()],
    ['send.updateObjectUserData', { transferId, userData: { a: 1 } }, hidden()],
    ['send.updateObjectUserData', { token: sharedToken, userData: { a: 1 } }, hidden()],
    ['send.deleteObjectUserData', { transferId }, hidden()],
    ['send.suspendTransfer', { transferId }, hidden()],
    ['send.resumeTransfer', { transferId }, hidden()],
    ['send.deleteDestination', { destinationId }, hidden('conflict')],
    ['send.deleteManifest', { manifestId }, hidden('conflict')],
    ['send.cancelTransfer', { transferId }, hidden()],
    ['send.failTransfer', { transferId }, hidden('conflict')],
    ['send.deleteTransfer', { transferId }, hidden()],
    ['send.deleteSharedToken', { token: sharedToken }, hidden()],

    ['recv.getSourcesAsync', {}, everyone('empty')],
    ['recv.getTransfersAsync', {}, everyone('empty')],

    ['setLicenseKeyAsync', { licenseKey: 'x' }, raised()],
    ['addWranglerAsync', { user: currentUser().name }, raised()],
    ['getWranglers', {}, raised()],
    ['deleteWrangler', { user: currentUser().name }, raised()],
    ['setSandboxMapping', { user: 'x', mapping: { '': '/' } }, raised()],
    ['getSandboxMappings', {}, raised()],
    ['deleteSandboxMapping', { user: 'x' }, raised()],
    ['updateBandwidthLimits', {}, raised()],
    ['updateGarbageCollectSettings', {}, raised()],
    ['garbageCollect', {}, raised()],
    ['recv.addAuthorizedClientAsync', { clientPublicKey: KEY }, raised()],
    ['recv.getAuthorizedClients', {}, raised()],
    ['recv.removeAuthorizedClientAsync', { clientPublicKey: KEY }, raised()],
    ['recv.allowOnlyAuthorizedClientsAsync', { onlyAuthorizedClientsAllowed: false }, raised()],
    ['terminate', {}, raised()],

    ['superuser', {}, { other: 'permission-denied', token: 'permission-denied', owner: 'ok' }],
    ['wrangler', {}, { other: 'permission-denied', token: 'permission-denied', owner: 'ok' }],
    ['logout', {}, everyone('ok')],
  ];
}

const NOTHING = { upload: false, download: false, delete: false, share: false };
const OWNER = currentUser().name;
const IDENTITIES: Record<string, ApiIdentity> = {
  owner: { account: OWNER, token: null, tokenSession: null, permissions: null, path: null },
  other: { account: 'somebody-else', token: null, tokenSession: null, permissions: null, path: null },
  token: { account: OWNER, token: 't', tokenSession: 's', permissions: NOTHING, path: null },
};

/** Lets everybody in by his role, whose password is `right`. */
const AUTHENTICATOR: ApiAuthenticator = {
  password: async (user, password) => {
    const identity = IDENTITIES[user];
    if (identity === undefined || password !== 'right') throw refusal();
    return identity;
  },
  publicKey: () => Promise.reject(refusal()),
  token: () => Promise.reject(refusal()),
  mayBeSuperuser: async (account) => account === OWNER,
  mayBeWrangler: async (account) => account === OWNER,
  isStillValid: () => true,
  mayGoOn: async () => true,
};

function refusal(): JetStreamError {
  return new JetStreamError('login-refused', 'login refused');
}

let test: TestServer;
let api: Awaited<ReturnType<typeof startApiServer>>;
let clients: Record<'nobody' | 'other' | 'token' | 'owner' | 'superuser', ApiClient>;
let table: Row[];

async function clientOf(role: string): Promise<ApiClient> {
  return ApiClient.connect({
    host: '127.0.0.1',
    port: api.port,
    checkCertificate: () => undefined,
    ...(role !== 'nobody' && { login: { user: role, password: 'right' } }),
  });
}

beforeAll(async () => {
  test = await TestServer.start();
  writeFileSync(join(test.sandbox, 'f'), 'content');
  api = await startApiServer({
    port: 0,
    host: '127.0.0.1',
    certificate: checkCertificate(await createCertificate(['localhost'], Date.now()), Date.now()),
    allowRemoteControl: true,
    handlers: { ...test.service.handlers, terminate: () => null },
    authenticator: AUTHENTICATOR,
    events: test.service.context.events,
  });
  clients = {
    nobody: await clientOf('nobody'),
    other: await clientOf('other'),
    token: await clientOf('token'),
    owner: await clientOf('owner'),
    superuser: await clientOf('owner'),
  };
  await clients.superuser.call('superuser', {});
  const { owner } = clients;
  const { destinationId } = await owner.call('send.createDestination', { ...NOWHERE, description: 'first' });
  const { manifestId } = await owner.call('send.createManifest', { fileMappings: ['/f:/f'] });
  await owner.waitForManifest(manifestId);
  const { transferId } = await owner.call('send.createTransfer', { destinationId, manifestId });
  const { token } = await owner.call('createAPIToken', {});
  const { token: sharedToken } = await owner.call('send.createSharedToken', { manifestId });
  const { requestId } = await owner.call('recv.getSourcesAsync', {});
  table = rows({ destinationId, manifestId, transferId, token, sharedToken, requestId });
});

afterAll(async () => {
  for (const client of Object.values(clients)) await client.close();
  await api.close();
  await test.end();
});

async function outcomeOf(role: keyof typeof clients, name: CommandName, given: object): Promise<Outcome> {
  const client = clients[role];
  try {
    let answer: unknown = await client.call(name, given as never);
    if (commandDefinition(name).work) {
      answer = await client.waitForRequest((answer as { requestId: string }).requestId);
    }
    return Array.isArray(answer) && answer.length === 0 ? 'empty' : 'ok';
  } catch (error) {
    if (error instanceof JetStreamError) return error.code;
    throw error;
  }
}

/** What all calls of a role came to, each named, so that one look at the difference says what is wrong. */
async function outcomes(role: keyof typeof clients, called: Row[]): Promise<string[]> {
  const lines: string[] = [];
  for (const [name, given] of called) {
    lines.push(`${name} ${Object.keys(given)}: ${await outcomeOf(role, name, given)}`);
  }
  return lines;
}

const expected = (role: keyof Expected, called: Row[], otherwise?: Outcome) =>
  called.map(([name, given, by]) => `${name} ${Object.keys(given)}: ${by[role] ?? otherwise}`);

describe('every command', () => {
  it('stands in this table', () => {
    expect([...new Set(table.map(([name]) => name))].sort()).toEqual(Object.keys(COMMANDS).sort());
  });

  it('needs a log-in, but for those that log in', async () => {
    expect(await outcomes('nobody', table)).toEqual(expected('nobody', table, 'unauthenticated'));
  });

  it.each(['other', 'token'] as const)(
    'called by the %s shows and changes nothing of the owner’s',
    async (role) => {
      const before = await ownObjects();
      expect(await outcomes(role, table)).toEqual(expected(role, table));
      expect(await ownObjects()).toEqual(before);
    },
  );

  it('does what it says for its owner, but for what superusers may', async () => {
    expect(await outcomes('owner', table)).toEqual(expected('owner', table));
  });

  it('for superusers is done for those who were raised', async () => {
    const own = table.filter(([, , by]) => by.superuser !== undefined);
    expect(own.map(([name]) => name).sort()).toEqual(
      (Object.keys(COMMANDS) as CommandName[])
        .filter((name) => commandDefinition(name).access === 'superuser')
        .sort(),
    );
    const answered = (outcome: string) => outcome.replace(/: empty$/, ': ok');
    expect((await outcomes('superuser', own)).map(answered)).toEqual(expected('superuser', own));
  });
});

/** What a transfer that finds nobody does by itself does not count. */
async function ownObjects(): Promise<unknown> {
  const { owner } = clients;
  const destinations = await owner.call('send.getDestinations', {});
  const transfers = await owner.call('send.getTransfers', {});
  return {
    destinations: destinations.map(({ destinationId, description, sendRateMax, userData }) => ({
      ...{ destinationId, description, sendRateMax, userData },
    })),
    transfers: transfers.map(({ transferId, priority, userData }) => ({ transferId, priority, userData })),
    manifests: await owner.call('send.getManifests', {}),
    tokens: await owner.call('getAPITokens', {}),
    links: await owner.call('send.getSharedTokens', {}),
  };
}
