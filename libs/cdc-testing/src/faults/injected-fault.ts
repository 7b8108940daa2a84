import { CdcError } from '@cdc-demo/cdc-core';

/** The error of every fault: one that may pass, as of a disk or a network. */
export class InjectedFault extends CdcError<'testing/injected'> {
  constructor(message: string) {
    super({
      code: 'testing/injected',
      message,
      policy: { retry: 'backoff', kind: 'failed', remedy: 'None: a test asked for it' },
    });
  }
}
