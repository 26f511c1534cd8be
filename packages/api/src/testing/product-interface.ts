/**
 * Every command, parameter and field that product.md names (§2.5–2.8, §4, §5), and what is otherwise here. docs/API.md is checked
 * against it.
 */

/** §4.1–4.4. */
export const PRODUCT_COMMANDS: readonly string[] = [
  ...['auth', 'authAsync', 'authToken', 'superuser', 'wrangler'],
  ...['addWranglerAsync', 'deleteWrangler', 'getWranglers'],
  ...['createAPIToken', 'deleteAPIToken', 'getAPIToken', 'getAPITokens'],
  ...['getServerInfo', 'getEventLog', 'getRequestStatus', 'getRequestResult'],
  ...['setSandboxMapping', 'getSandboxMappings', 'deleteSandboxMapping'],
  ...['updateBandwidthLimits', 'updateGarbageCollectSettings', 'garbageCollect', 'setLicenseKeyAsync'],
  ...['lsAsync', 'lsListAsync', 'lsRootsAsync', 'duAsync', 'mkdirAsync', 'mkFileAsync', 'mvAsync', 'rmAsync'],
  ...['sendDiscoverPacketAsync', 'recvDiscoverPacketAsync'],
  ...['echo', 'sleep', 'terminate', 'getThirdPartyLicenses'],
  ...['send.createDestination', 'send.createManifest', 'send.createTransfer', 'send.createSharedToken'],
  ...['send.getDestination', 'send.getDestinations', 'send.deleteDestination'],
  ...['send.getManifest', 'send.getManifests', 'send.deleteManifest'],
  ...['send.getTransfer', 'send.getTransfers', 'send.deleteTransfer'],
  ...['send.getSharedToken', 'send.getSharedTokens', 'send.deleteSharedToken'],
  ...['send.getConnection', 'send.getConnections', 'send.getManifestFiles'],
  ...['send.failTransfer', 'send.updateObjectUserData', 'send.deleteObjectUserData'],
  ...['send.setSendRateAsync', 'send.waitForManifest'],
  ...['recv.getSourcesAsync', 'recv.getTransfersAsync', 'recv.addAuthorizedClientAsync'],
  ...['recv.removeAuthorizedClientAsync', 'recv.allowOnlyAuthorizedClientsAsync'],
];

/** Parameters by command, as far as they are seen. */
export const PRODUCT_PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  auth: ['user', 'password'],
  getRequestStatus: ['requestId'],
  getRequestResult: ['requestId'],
  setSandboxMapping: ['user', 'mapping'],
  deleteSandboxMapping: ['user'],
  'send.createDestination': ['destinationAddress', 'sendRateMax'],
  'send.createManifest': ['fileMappings', 'mappings'],
  'send.createTransfer': ['destinationId', 'manifestId', 'destinationPath'],
  'send.getDestination': ['destinationId'],
  'send.getManifest': ['manifestId'],
  'send.getTransfer': ['transferId'],
  'recv.addAuthorizedClientAsync': ['clientPublicKey'],
  'recv.allowOnlyAuthorizedClientsAsync': ['onlyAuthorizedClientsAllowed'],
};

const OWNER = ['owner', 'ownerToken', 'ownerTokenSession'];
const NETWORK = [
  ...['connectionId', 'destinationId', 'destinationIP', 'destinationPort', 'destinationPublicKey'],
  ...['encryptedConnectionState', 'encryptionEnabled', 'lastDestinationServerId', 'lastDestinationServerUid'],
  ...['lastError', 'lastErrorMessage', 'lastRecvTime', 'lastSendTime', 'numTransfersQueued'],
];
const TOKEN = [
  'token',
  'description',
  'creationTime',
  'expiryTime',
  ...OWNER,
  'passwordRequired',
  'permissions',
  'userData',
];

/** §5: fields by structure. */
export const PRODUCT_FIELDS: Readonly<Record<string, readonly string[]>> = {
  ServerInformation: [
    ...['allowRemoteControl', 'apiControlPort', 'APITokensAvailable', 'apiVersion', 'authRequired'],
    ...[
      'bandwidthLimits',
      'certificateValidation',
      'configuration',
      'encryptionAvailable',
      'eventLogAvailable',
    ],
    ...['hostName', 'license', 'minCipher', 'multiplexAvailable', 'publicKey', 'receiver', 'revision'],
    ...['serverExternalAddress', 'serverId', 'serverName', 'serverUid', 'version'],
  ],
  Destination: [
    ...NETWORK,
    ...OWNER,
    'destinationAddress',
    'permittedDestinationPublicKey',
    'sendRateMax',
    'userData',
  ],
  Connection: [
    ...NETWORK,
    'rateControllerActive',
    'rateControlMethod',
    'relayIP',
    'relayPort',
    'roundTripTimeMs',
  ],
  Manifest: [
    'manifestId',
    'status',
    'processing',
    'errorMessage',
    'totalFiles',
    'totalSize',
    ...OWNER,
    'userData',
  ],
  ManifestFiles: ['manifestId', 'fileMappings'],
  'ManifestFiles.fileMappings': [
    ...['srcPath', 'destPath', 'fileSize', 'isEmptyDir', 'executable', 'modificationTime'],
  ],
  Transfer: [
    ...[
      'transferId',
      'manifestId',
      'destinationId',
      'destinationPath',
      'blockSize',
      'blocksSent',
      'blocksAcked',
    ],
    ...[
      'blocksRetransmitted',
      'totalBlocks',
      'bytesSent',
      'bytesRecv',
      'totalBytes',
      'packetsSent',
      'packetsRecv',
    ],
    ...[
      'checkpointFrequencySeconds',
      'priority',
      'requestTime',
      'queueTime',
      'startTime',
      'endTime',
      'snapshotTime',
    ],
    ...['status', 'processing', 'errorMessage', ...OWNER, 'userData'],
  ],
  ReceiveTransfer: [
    ...['transferId', 'status', 'destinationPath', 'sourceIP', 'sourcePort', 'totalSize'],
    ...['lastRecvTime', 'lastSendTime', 'lastErrorTime'],
  ],
  Source: [
    ...['sourceIP', 'sourcePort', 'activeTransferCount', 'inactiveTransferCount', 'completeTransferCount'],
    ...['errorTransferCount', 'aveRecvRate', 'aveRecvRateWindow', 'destinationPublicKey'],
    ...['encryptedConnectionState', 'encryptionEnabled'],
  ],
  SharedToken: [...TOKEN, 'manifestId', 'downloadCount', 'downloadLimit'],
  APIToken: [...TOKEN, 'path'],
  Request: ['requestId'],
  RequestStatus: ['errorMessage', 'processing', 'status'],
  Event: ['_event', '_timestamp'],
};

/** Statuses and the like, by structure and field. */
export const PRODUCT_VALUES: Readonly<Record<string, readonly string[]>> = {
  'Destination.encryptedConnectionState': ['disconnected', 'negotiating', 'connected'],
  'Manifest.status': ['pending', 'complete', 'error'],
  'ReceiveTransfer.status': ['receiving', 'complete', 'error'],
  'Transfer.status': ['pending', 'inProgress', 'complete', 'error', 'suspended', 'cancelled'],
};

/** What product.md names that is not here, or not so. */
export const OTHERWISE: readonly { name: string; here: string; why: string }[] = [
  {
    name: 'auth() gives None',
    here: 'a [Session](#session)',
    why: 'Requests of HTTP belong to no connection: the session token says who sends them.',
  },
  {
    name: 'getWranglers, getConnections and other lists',
    here: 'at most `limit` of them, 1,000 unless told',
    why: 'No answer is without bound.',
  },
  {
    name: 'setLicenseKeyAsync, license',
    here: 'accepted, and nothing comes of it; `license` says Apache-2.0',
    why: 'No licence key is needed.',
  },
  {
    name: 'minCipher 0, 1, 2',
    here: '`minCipher` is always 3',
    why: 'There is AES-256-GCM alone: no unencrypted or weaker transfer can be asked for.',
  },
  {
    name: 'TRANSFER_FLAG_NONE and other transfer flags, getTransferFlags',
    here: 'not there; `verify`, `readBack`, `skipRule` and `preserve` are parameters of their own',
    why: 'Their values are not known, and reading and writing nothing is for measuring alone.',
  },
  {
    name: 'sandbox mapping of type S3',
    here: '`File` alone',
    why: 'Files are read and written on file systems only.',
  },
  {
    name: 'relayIP, relayPort',
    here: 'always null',
    why: 'There are no relays.',
  },
  {
    name: 'requestId as an integer, destinationId as host:port',
    here: 'ids are 32 hex digits',
    why: 'As newer versions have them. Ids are opaque.',
  },
  {
    name: 'getFileMappings, getFilteredManifestFiles, sendFiles',
    here: '`send.submitTransfer` does what sendFiles does',
    why: 'They are helpers of the Python library, not commands of the server.',
  },
  {
    name: 'apiVersion 26 to 40',
    here: 'numbers from 100 on',
    why: 'It is another interface in what product.md does not say.',
  },
];
