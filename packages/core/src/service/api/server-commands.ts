import { hostname } from 'node:os';
import {
  API_VERSION,
  type ApiCaller,
  type ApiHandlers,
  MIN_CIPHER_ENCRYPTED_256,
  type ServerInformation,
} from '@jetstream/api';
import { VERSION } from '../../software.ts';
import type { ServicePart } from '../part.ts';
import type { ServiceContext } from '../service.ts';
import type { ServiceApi } from './service-api.ts';

const LICENSE = { licensed: true, license: 'Apache-2.0' };
/** 1.2.3 is 10203. */
const REVISION = VERSION.split('.').reduce((sum, part) => sum * 100 + Number.parseInt(part, 10), 0);

export interface ServerCommandsParts {
  context: ServiceContext;
  /** undefined: there is none, and nobody asks. */
  api: () => ServiceApi | undefined;
  /** All parts, for their fields of `getServerInfo`. */
  parts: () => readonly ServicePart[];
}

type ServerCommandName =
  | 'getServerInfo'
  | 'echo'
  | 'sleep'
  | 'terminate'
  | 'getThirdPartyLicenses'
  | 'setLicenseKeyAsync';

/** The commands about the server as a whole. */
export function serverCommands({
  context,
  api,
  parts,
}: ServerCommandsParts): Pick<ApiHandlers, ServerCommandName> {
  const { options, hostKey, serverId, state, stateDirectory, clock } = context;
  const startTime = clock.wallUs();

  const serverInformation = (caller: ApiCaller): ServerInformation => {
    const fields = parts().map((part) => part.serverInfo?.(caller) as Partial<ServerInformation> | undefined);
    const told = Object.assign({}, ...fields) as Partial<ServerInformation>;
    const isRaised = caller.superuser;
    const name = hostname();
    return {
      allowRemoteControl: options.api === false || (options.api?.allowRemoteControl ?? true),
      apiControlPort: api()?.port ?? 0,
      APITokensAvailable: false,
      apiVersion: API_VERSION,
      authRequired: true,
      bandwidthLimits: null,
      certificateValidation: api()?.certificateDaysLeft ?? 0,
      encryptionAvailable: true,
      eventLogAvailable: false,
      hostName: name,
      license: LICENSE,
      minCipher: MIN_CIPHER_ENCRYPTED_256,
      multiplexAvailable: true,
      publicKey: Buffer.from(hostKey.publicKey).toString('base64'),
      revision: REVISION,
      serverExternalAddress: options.externalAddress ?? null,
      serverId,
      serverName: name,
      serverUid: state.serverUid,
      version: VERSION,
      sandboxed: false,
      sharedTokensAvailable: false,
      persistentStateAvailable: state.isKept,
      startTime,
      transfersInProgress: null,
      ...told,
      receiver: {
        ports: context.lanes().ports,
        relayIP: null,
        relayPort: null,
        onlyAuthorizedClientsAllowed: false,
        ...Object.assign({}, ...fields.map((part) => part?.receiver)),
      },
      configuration: isRaised
        ? {
            garbageCollect: { intervalSeconds: 0, lifetimeSeconds: 0 },
            persistentStateDir: state.isKept ? stateDirectory : null,
            persistentDestinations: options.persistentDestinations ?? true,
            persistentTransfers: options.persistentTransfers ?? true,
            sandboxDir: options.sandboxDirectory ?? null,
            triggerDir: null,
            ...Object.assign({}, ...fields.map((part) => part?.configuration)),
          }
        : null,
    };
  };

  return {
    getServerInfo: (_nothing, caller) => serverInformation(caller),
    echo: ({ message }) => ({ message }),
    sleep: ({ milliseconds }, _caller, { signal }) =>
      new Promise((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          resolve(null);
        };
        const timer = setTimeout(wake, milliseconds);
        signal.addEventListener('abort', wake);
      }),
    terminate: (_nothing, { account }) => {
      context.logger.info({ account }, 'asked to terminate');
      // After the answer.
      setImmediate(() => context.terminate());
      return null;
    },
    getThirdPartyLicenses: async () => [...((await options.thirdPartyLicenses?.()) ?? [])],
    setLicenseKeyAsync: () => LICENSE,
  };
}
