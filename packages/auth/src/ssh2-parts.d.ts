/** Parts of ssh2 that are loaded by themselves, when they are needed: all of it, an SSH client and server, takes three times as long. */
declare module 'ssh2/lib/protocol/keyParser.js' {
  import type ssh2 from 'ssh2';

  const keyParser: Pick<typeof ssh2.utils, 'parseKey'>;
  export default keyParser;
}

declare module 'ssh2/lib/keygen.js' {
  import type ssh2 from 'ssh2';

  const keygen: Pick<typeof ssh2.utils, 'generateKeyPairSync'>;
  export default keygen;
}

declare module 'ssh2/lib/agent.js' {
  import type ssh2 from 'ssh2';

  const agent: Pick<typeof ssh2, 'OpenSSHAgent'>;
  export default agent;
}
