import { formatTableName } from '@cdc-demo/cdc-core';
import { PipelineError, stateLocation } from '@cdc-demo/pipeline';
import type { PipelineConfig } from '@cdc-demo/pipeline';
import { connectionTarget, defaultSlotName } from '@cdc-demo/postgres';
import { tableLocation } from './destinations.ts';

/**
 * Makes sure that no two pipelines or tables of a configuration get in each other's way: one slot,
 * one state folder, or one destination for both.
 * @throws PipelineError `pipeline/configuration`
 */
export function checkCollisions(pipelines: readonly PipelineConfig[]): void {
  const taken = new Map<string, string>();
  const take = (what: string, owner: string, remedy: string): void => {
    const other = taken.get(what);
    taken.set(what, owner);
    if (other === undefined) return;
    throw new PipelineError('pipeline/configuration', `${other} and ${owner} share ${what}`, {
      remedy,
    });
  };
  for (const config of pipelines) {
    const owner = `Pipeline ${config.id}`;
    take(slotOf(config), owner, 'Give one of the pipelines another slot: name');
    take(`the state folder ${stateLocation(config)}`, owner, 'Give one of them another state:');
    for (const table of config.source.tables) {
      const place = `the location ${tableLocation(config.sink, table)}`;
      const name = `table ${formatTableName(table)} of pipeline ${config.id}`;
      take(place, name, 'Write {schema} and {table} as segments of their own in sink.location');
    }
  }
}

/** A slot belongs to a server, whatever the database. */
function slotOf({ id, source }: PipelineConfig): string {
  const slot = source.slot ?? defaultSlotName(id);
  if (source.url.reveal() === 'embedded') return `the slot ${slot} of the embedded server`;
  const { host, port } = connectionTarget({ url: source.url });
  return `the slot ${slot} of ${host}:${port}`;
}
