import type { ObjectStore } from '@cdc-demo/cdc-core';
import { InjectedFault } from './injected-fault.ts';
import { InterceptedStore } from './intercepted-store.ts';
import type { PortCall } from './port-call.ts';

/** What happens to a writing call: nothing bad, nothing at all, or all of it but the answer. */
export type Fault = 'none' | 'fail-before' | 'fail-after';

/** Asked before every writing call; `operation` is the method's name. */
export type FaultPlan = (operation: string, key: string) => Fault | Promise<Fault>;

const FAULTY = new Set(['putIfAbsent', 'put', 'delete', 'openWriter', 'write', 'close']);

/** A store whose writing calls fail as a plan says. Reads never fail. */
export class FaultyStore extends InterceptedStore {
  plan: FaultPlan;

  constructor(store: ObjectStore, plan: FaultPlan = () => 'none') {
    super(store, (call, proceed) => this.#around(call, proceed));
    this.plan = plan;
  }

  async #around<T>({ operation, key }: PortCall, proceed: () => Promise<T>): Promise<T> {
    if (!FAULTY.has(operation)) return proceed();
    const fault = await this.plan(operation, key);
    // A writer that was opened and not handed over could not be closed.
    if (fault === 'fail-before' || (fault === 'fail-after' && operation === 'openWriter')) {
      throw new InjectedFault(`${operation} was not done`);
    }
    const result = await proceed();
    if (fault === 'fail-after') throw new InjectedFault(`${operation} was done`);
    return result;
  }
}
