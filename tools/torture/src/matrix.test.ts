import { FAULTS, STEPS } from '@cdc-demo/cdc-testing';
import { describe, expect, it } from '@jest/globals';
import { EXCLUSIONS, PHASES, cells, exclusion } from './matrix.ts';

describe('the crash matrix', () => {
  it('has every step and every fault, and each pair of them or a reason', () => {
    for (const step of STEPS) {
      for (const fault of FAULTS) {
        const isRun = cells().some((cell) => cell.step === step && cell.fault === fault);
        const reasons = PHASES.flatMap((phase) => exclusion({ step, fault, phase, nth: 1 }) ?? []);
        expect({ step, fault, known: isRun || reasons.length === PHASES.length }).toEqual({
          step,
          fault,
          known: true,
        });
      }
    }
  });

  it('excludes nothing that would not be there anyway', () => {
    for (const { fault, steps, why } of EXCLUSIONS) {
      expect(steps.length).toBeGreaterThan(0);
      expect(why.length).toBeGreaterThan(20);
      expect(FAULTS).toContain(fault);
    }
  });
});
