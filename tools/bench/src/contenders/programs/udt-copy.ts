// One file over UDT: `udt-copy LIBRARY send|receive ADDRESS PORT FILE BYTES`. The receiver waits at the address.
import koffi from 'koffi';

const [library = '', role, address = '', port, file = '', bytes] = process.argv.slice(2);
const AF_INET = 2;
const SOCK_STREAM = 1;

const udt = koffi.load(library);
// The names of the C++ functions in the library.
const startUp = udt.func('_ZN3UDT7startupEv', 'int', []);
const cleanUp = udt.func('_ZN3UDT7cleanupEv', 'int', []);
const open = udt.func('_ZN3UDT6socketEiii', 'int', ['int', 'int', 'int']);
const bind = udt.func('_ZN3UDT4bindEiPK8sockaddri', 'int', ['int', 'void *', 'int']);
const listen = udt.func('_ZN3UDT6listenEii', 'int', ['int', 'int']);
const accept = udt.func('_ZN3UDT6acceptEiP8sockaddrPi', 'int', ['int', 'void *', 'void *']);
const connect = udt.func('_ZN3UDT7connectEiPK8sockaddri', 'int', ['int', 'void *', 'int']);
const sendFile = udt.func('_ZN3UDT9sendfile2EiPKcPlli', 'int64', ['int', 'str', 'void *', 'int64', 'int']);
const receiveFile = udt.func('_ZN3UDT9recvfile2EiPKcPlli', 'int64', ['int', 'str', 'void *', 'int64', 'int']);
const close = udt.func('_ZN3UDT5closeEi', 'int', ['int']);
const lastError = udt.func('_ZN3UDT17getlasterror_descEv', 'str', []);

startUp();
const socket = check(open(AF_INET, SOCK_STREAM, 0));
const name = socketAddress(address, Number(port));
const offset = new BigInt64Array(1);
if (role === 'send') {
  check(connect(socket, name, name.length));
  check(sendFile(socket, file, offset, Number(bytes), 364_000));
} else {
  check(bind(socket, name, name.length));
  check(listen(socket, 1));
  const accepted = check(accept(socket, new Uint8Array(16), new Int32Array([16])));
  check(receiveFile(accepted, file, offset, Number(bytes), 7_280_000));
  check(close(accepted));
}
check(close(socket)); // which waits until all was acknowledged
cleanUp();

/** `struct sockaddr_in`. */
function socketAddress(host: string, hostPort: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, hostPort);
  bytes.set(host.split('.').map(Number), 4);
  return bytes;
}

function check(result: number): number {
  if (result >= 0) return result;
  console.error(`UDT: ${lastError()}`);
  process.exit(1);
}
