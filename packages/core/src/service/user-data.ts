import { type ApiCaller, type ApiHandlers, COMMANDS, type UserData } from '@jetstream/api';
import { JetStreamError } from '@jetstream/protocol';

/** Objects of one kind, as far as their user data go. */
export interface UserDataHolder {
  /**
   * @returns what they are from now on, durable
   * @throws JetStreamError `not-found`; what `change` throws
   */
  changeUserData(id: string, caller: ApiCaller, change: (before: UserData) => UserData): Promise<UserData>;
}

/** Each kind by the argument that names one of it. */
export type UserDataHolders = Record<'destinationId' | 'manifestId' | 'transferId' | 'token', UserDataHolder>;

/** User data of objects of all kinds. */
export function userDataCommands(
  holders: UserDataHolders,
): Pick<ApiHandlers, 'send.updateObjectUserData' | 'send.deleteObjectUserData'> {
  const change = (given: Ids, caller: ApiCaller, make: (before: UserData) => UserData) => {
    const [kind, id] = theOne(given);
    return holders[kind].changeUserData(id, caller, make);
  };
  return {
    'send.updateObjectUserData': ({ userData, ...given }, caller) =>
      change(given, caller, (before) => checked({ ...before, ...userData })),
    'send.deleteObjectUserData': ({ keys, ...given }, caller) =>
      change(given, caller, (before) =>
        keys === undefined
          ? {}
          : Object.fromEntries(Object.entries(before).filter(([key]) => !keys.includes(key))),
      ),
  };
}

type Ids = { [Kind in keyof UserDataHolders]?: string | undefined };

/** The schema lets exactly one of them through. */
function theOne(given: Ids): [keyof UserDataHolders, string] {
  return Object.entries(given).find(([, id]) => id !== undefined) as [keyof UserDataHolders, string];
}

/** What an object has and what is added may be within bounds each, and not together. */
function checked(userData: UserData): UserData {
  const { success, error } = COMMANDS['send.updateObjectUserData'].result.safeParse(userData);
  if (success) return userData;
  throw new JetStreamError('invalid-argument', `userData ${error.issues[0]?.message}`, {
    subject: 'userData',
  });
}
