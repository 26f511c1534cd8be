/** Bounds of everything that who calls the API can choose. docs/LIMITS.md says what each stops. */
export interface ApiLimits {
  /** Connections in all. */
  connections: number;
  /** Of these from one IPv4 address or IPv6 /64, nothing of which was logged in. */
  strangersPerAddress: number;
  /** The same, of this machine: its users are known, and many of their programs may start at once. */
  strangersOfThisMachine: number;
  /** Of these that carried requests of one account. */
  connectionsPerAccount: number;
  /** Requests that wait for their answers on one connection. */
  requestsPerConnection: number;
  /** From the connection to the end of the TLS handshake. */
  tlsHandshakeTimeoutMs: number;
  /** From the first byte of a request, or the connection, to the end of its headers. */
  headersTimeoutMs: number;
  /** From the first byte of a request to the end of its body. */
  requestTimeoutMs: number;
  /** Between requests. */
  keepAliveTimeoutMs: number;
  /** Without a byte either way, whatever goes on. Above the longest poll. */
  silenceTimeoutMs: number;
  headerBytes: number;
  /** Body of a request, or message on a WebSocket that was opened, while not logged in. */
  strangerBodyBytes: number;
  /** The same, logged in. */
  bodyBytes: number;
  /** Body of those commands that take lists of files. */
  largeBodyBytes: number;
  /** Bodies that are read at once, of what each has above `strangerBodyBytes`. */
  bodyMemoryBytes: number;
  /** One answer. */
  answerBytes: number;
  /** Answers that are not counted: up to this. */
  smallAnswerBytes: number;
  /** Answers of one account, or of all strangers, that wait to be read. */
  answerBytesPerAccount: number;
  /** The same, of all together. */
  answerMemoryBytes: number;
  /** Arrays and objects in one another. */
  jsonDepth: number;
  sessions: number;
  sessionsPerAccount: number;
  /** A session that was not used ends. */
  sessionIdleMs: number;
  /** A session ends however much it is used. */
  sessionLifeMs: number;
  challengeLifeMs: number;
  /** Challenges answered within their life. */
  challengesAnswered: number;
  /** Requests (`…Async`) of one account, those that are done included. */
  requestsPerAccount: number;
  /** Results of them that are kept, as JSON. */
  resultBytesPerAccount: number;
  /** A result of a request is kept. */
  resultLifeMs: number;
  /** The longest that an answer is held back until there is one. */
  longestPollMs: number;
  /** Commands of one WebSocket that run at once. */
  commandsPerSocket: number;
  /** From the opening of a WebSocket to its log-in. */
  socketLoginTimeoutMs: number;
  /** Between pings; a WebSocket that did not answer the last is closed. */
  socketPingMs: number;
  /** Bytes that wait to be sent on a WebSocket: above it progress is left out. */
  socketBusyBytes: number;
  /** The same: above it the WebSocket is closed. */
  socketBufferBytes: number;
}

export const API_LIMITS: ApiLimits = {
  connections: 1_024,
  strangersPerAddress: 64,
  strangersOfThisMachine: 512,
  connectionsPerAccount: 512,
  requestsPerConnection: 16,
  tlsHandshakeTimeoutMs: 10_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 65_000,
  silenceTimeoutMs: 120_000,
  headerBytes: 16 * 1024,
  strangerBodyBytes: 64 * 1024,
  bodyBytes: 1024 * 1024,
  largeBodyBytes: 32 * 1024 * 1024,
  bodyMemoryBytes: 128 * 1024 * 1024,
  answerBytes: 64 * 1024 * 1024,
  smallAnswerBytes: 64 * 1024,
  answerBytesPerAccount: 128 * 1024 * 1024,
  answerMemoryBytes: 512 * 1024 * 1024,
  jsonDepth: 32,
  sessions: 4_096,
  sessionsPerAccount: 256,
  sessionIdleMs: 3_600_000,
  sessionLifeMs: 86_400_000,
  challengeLifeMs: 30_000,
  challengesAnswered: 65_536,
  requestsPerAccount: 256,
  resultBytesPerAccount: 64 * 1024 * 1024,
  resultLifeMs: 3_600_000,
  longestPollMs: 60_000,
  commandsPerSocket: 64,
  socketLoginTimeoutMs: 30_000,
  socketPingMs: 30_000,
  socketBusyBytes: 256 * 1024,
  socketBufferBytes: 4 * 1024 * 1024,
};

/** Those that take lists of files. */
export const LARGE_COMMANDS: ReadonlySet<string> = new Set(['send.createManifest', 'send.submitTransfer']);
