import { RunQueue } from '../training/queue';
import { MachineSecret } from './secret';
import { UserStorage } from './userStorage';

/** This machine as Plumbline knows it: its storage, its secret, its queue. */
export class Machine {
  private constructor(
    readonly storage: UserStorage,
    readonly secret: MachineSecret,
    readonly queue: RunQueue,
  ) {}

  static async open(storage: UserStorage): Promise<Machine> {
    const secret = await MachineSecret.load(storage.secretFile);
    return new Machine(storage, secret, new RunQueue(storage.queueFolder, secret));
  }

  static ofThisUser(): Promise<Machine> {
    return Machine.open(UserStorage.ofThisUser());
  }
}
