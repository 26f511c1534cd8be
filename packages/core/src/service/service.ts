import type { ApiHandlers } from '@jetstream/api';
import type { State } from '@jetstream/state';
import type { BlockMemory } from '../block-memory.ts';
import { PROCESS_CLOCK } from '../clock.ts';
import type { PathStore, ServerOptions } from '../contract.ts';
import type { ListeningPorts } from '../lane/listening-ports.ts';
import type { Logger } from '../logging.ts';
import { defaultTriggerDirectory } from '../state-directory.ts';
import type { StorageWorkers } from '../storage/storage-workers.ts';
import { eventCounts } from './api/event-counts.ts';
import { serverCommands } from './api/server-commands.ts';
import { ServiceApi } from './api/service-api.ts';
import { UdpTraffic } from './api/udp-traffic.ts';
import { asBandwidthLimits, Bandwidth } from './bandwidth/bandwidth.ts';
import { CleanUp } from './clean-up/clean-up.ts';
import { HalfFiles } from './clean-up/half-files.ts';
import { SERVICE_CLOCK, type ServiceClock } from './clock.ts';
import { mergeCommands } from './commands.ts';
import { Destinations } from './destinations/destinations.ts';
import { Discovery } from './discovery/discovery.ts';
import { EventLog } from './event-log/event-log.ts';
import { ServiceEvents } from './events.ts';
import { Files } from './files/files.ts';
import { newId } from './ids.ts';
import { AuthorizedClients } from './logins/authorized-clients.ts';
import { Logins } from './logins/logins.ts';
import { Roles } from './logins/roles.ts';
import { Manifests } from './manifests/manifests.ts';
import { ownerAccess } from './owner-access.ts';
import type { ServicePart } from './part.ts';
import { Receiving } from './receiving/receiving.ts';
import { Sandboxes } from './sandboxes/sandboxes.ts';
import { Settings } from './settings/settings.ts';
import { Tokens } from './tokens/tokens.ts';
import { submitCommand } from './transfers/submit-transfer.ts';
import { Transfers } from './transfers/transfers.ts';
import { destinationArguments, receptionArguments, sentArguments } from './triggers/trigger-arguments.ts';
import { Triggers } from './triggers/triggers.ts';
import { userDataCommands } from './user-data.ts';

/** What the server gives to its service. */
export interface ServiceEnvironment {
  options: ServerOptions;
  logger: Logger;
  stateDirectory: string;
  /** In memory only when the disk is broken. */
  state: State;
  /** Host key: X25519, 32 bytes each. */
  hostKey: { privateKey: Uint8Array; publicKey: Uint8Array };
  /** Once the server listens. */
  lanes(): ListeningPorts;
  storage: StorageWorkers;
  /** Of blocks for sending, of all connections together. */
  memory: BlockMemory;
  /** undefined: none are used or kept. */
  pathStore: PathStore | undefined;
  /** Ends the server as a signal does. */
  terminate(): void;
}

/** What every part may use. */
export interface ServiceContext extends ServiceEnvironment {
  /** New at each start of the server. 32 hex digits. */
  serverId: string;
  clock: ServiceClock;
  events: ServiceEvents;
  /** Once the API listens; undefined: there is none. */
  apiPort(): number | undefined;
  /** Follows every connection, for figures. */
  traffic: UdpTraffic;
}

/** By name, so that the server and its connections can ask them. Started in this order, closed in the opposite one. */
type ServiceParts = Awaited<ReturnType<typeof openParts>>;

/**
 * Whoever is needed stands before those who need it, and is handed to them. Adding a part is a line or two in its section, and its name
 * in what is returned.
 */
async function openParts(context: ServiceContext) {
  // Settings, event log, clean-up
  const settings = await Settings.open(context.state);
  const eventLog = new EventLog(context.state.eventLog, context.events, context.clock);

  // Logins, roles, authorized clients
  const roles = await Roles.open(context.options, context.state);
  const authorizedClients = await AuthorizedClients.open(context.state, settings, context.events);
  const logins = new Logins({ ...context, roles, authorizedClients });

  // Sandboxes, files, tokens
  const sandboxes = await Sandboxes.open(context.options, context.state, context.stateDirectory);
  const files = new Files(context.storage, sandboxes);
  const halfFiles = new HalfFiles(context.state, files.work, context.logger);

  // Bandwidth, receiving, triggers
  const bandwidth = new Bandwidth(
    context.options.bandwidthLimits,
    settings.setting('bandwidthLimits', undefined, asBandwidthLimits),
    context.events,
  );

  const { triggerDirectory = defaultTriggerDirectory(), triggerLog = false } = context.options;
  const triggers = await Triggers.open(
    { directory: triggerDirectory, log: triggerLog },
    context.state,
    context.logger,
  );
  context.events.on('serverStarted', ({ apiControlPort }) => {
    if (typeof apiControlPort === 'number') triggers.fire('launch', [String(apiControlPort)]);
  });
  const receiving = await Receiving.open(context, (record) =>
    triggers.prepare(
      record.status === 'complete' ? 'recv.transferComplete' : 'recv.transferError',
      receptionArguments(record),
    ),
  );

  // Destinations, manifests
  const manifests = await Manifests.open({ ...context, accessOf: ownerAccess(sandboxes) });
  const tokens = await Tokens.open(context, manifests);
  manifests.addUse((manifestId) => tokens.shared.useOf(manifestId));
  logins.tokens = tokens;

  const destinations = await Destinations.open(context, { manifests, bandwidth });
  destinations.draftAlong = (event, destination) =>
    triggers.prepare(`send.${event}`, destinationArguments(destination, context.options.host ?? '0.0.0.0'));

  // Transfers and their queue
  const transfers = await Transfers.open(context, destinations, manifests, {
    mayAct: (owner) => logins.mayStay(owner, undefined),
    isStillValid: (caller) => tokens.isStillValid(caller),
  });
  logins.onRecheck(() => void transfers.recheckOwners());
  destinations.setQueue(transfers);
  tokens.revocations.addEnd(async ({ token }) => {
    await transfers.endWorkOf(token);
    await manifests.endWorkOf(token);
  });
  manifests.addUse((manifestId) => {
    const [user] = transfers.usersOfManifest(manifestId);
    return user && `transfer ${user}`;
  });
  transfers.onEnded((transfer) => {
    const event = transfer.status === 'complete' ? 'send.transferComplete' : 'send.transferError';
    return triggers.prepare(event, sentArguments(transfer, destinations.get(transfer.destinationId)));
  });
  const discovery = new Discovery(context.lanes, PROCESS_CLOCK);
  const submission: ServicePart = { commands: submitCommand({ destinations, manifests, transfers }) };
  const userData: ServicePart = {
    commands: userDataCommands({
      destinationId: destinations,
      manifestId: manifests,
      transferId: transfers,
      token: tokens.shared.store,
    }),
  };

  const parts = {
    eventLog,
    roles,
    authorizedClients,
    logins,
    sandboxes,
    files,
    bandwidth,
    triggers,
    receiving,
    tokens,
    manifests,
    destinations,
    transfers,
    submission,
    discovery,
    userData,
    halfFiles,
  };
  const cleanUp = new CleanUp({ ...context, timers: PROCESS_CLOCK }, settings, Object.values(parts));
  return { ...parts, cleanUp };
}

/** What a server does beside answering its UDP port: it remembers, queues, sends by itself, and is driven through an API. */
export class Service {
  readonly context: ServiceContext;
  readonly parts: ServiceParts;
  readonly handlers: Partial<ApiHandlers>;
  #api: ServiceApi | undefined;

  private constructor(context: ServiceContext, parts: ServiceParts) {
    this.context = context;
    this.parts = parts;
    const commands = serverCommands({ context, api: () => this.#api, parts: () => this.#all() });
    this.handlers = mergeCommands([...this.#all(), { commands }]);
  }

  /** Reads what is kept. Nothing runs yet. */
  static async open(environment: ServiceEnvironment): Promise<Service> {
    const clock = SERVICE_CLOCK;
    const events = new ServiceEvents(clock, environment.logger);
    const traffic = new UdpTraffic();
    let service: Service | undefined;
    const apiPort = () => service?.apiPort;
    const context: ServiceContext = { ...environment, serverId: newId(), clock, events, traffic, apiPort };
    service = new Service(context, await openParts(context));
    return service;
  }

  /** undefined: there is no API. */
  get apiPort(): number | undefined {
    return this.#api?.port;
  }

  /** @throws JetStreamError as `ServiceApi.listen`, before anything runs */
  async start(): Promise<void> {
    const { events, traffic, serverId } = this.context;
    let becomeReady!: () => void;
    const ready = new Promise<void>((resolve) => {
      becomeReady = resolve;
    });
    this.#api = await ServiceApi.listen(this.context, {
      handlers: this.handlers,
      authenticator: this.parts.logins,
      metricSources: [
        eventCounts(events),
        ...traffic.metrics(),
        ...this.#all().flatMap((part) => part.metrics?.() ?? []),
      ],
      ready,
    });
    this.parts.tokens.revocations.addEnd(async (revocation) => this.#api?.abortWorkOf(revocation));
    for (const part of this.#all()) await part.start?.();
    becomeReady();
    events.emit('serverStarted', { serverId, apiControlPort: this.apiPort ?? null });
  }

  /**
   * Begins nothing new. What it sends is interrupted, to go on at the next start; resolves when triggers have ended too.
   * @param incoming when what others have begun has ended
   */
  async drain(incoming: Promise<unknown>): Promise<void> {
    const { transfers, triggers } = this.parts;
    this.context.events.emit('serverStopping', { serverId: this.context.serverId });
    this.#api?.refuse();
    await triggers.drain(Promise.all([incoming, transfers.close()]));
  }

  async close(): Promise<void> {
    await this.#api?.close();
    for (const part of this.#all().reverse()) await part.close?.();
  }

  #all(): ServicePart[] {
    return Object.values(this.parts);
  }
}
