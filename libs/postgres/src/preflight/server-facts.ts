import type { Query } from '../catalog/query.ts';
import { textOf } from '../catalog/query.ts';

/** What a server and our role in it allow. */
export interface ServerFacts {
  /** `server_version_num`, 180004 for 18.4. */
  readonly version: number;
  readonly walLevel: string;
  readonly isStandby: boolean;
  readonly role: string;
  readonly database: string;
  /** May the role open replication connections and create slots? */
  readonly mayReplicate: boolean;
  /** May the role create publications in this database? */
  readonly mayCreate: boolean;
  readonly maxSlots: number;
  readonly usedSlots: number;
  readonly maxSenders: number;
  readonly usedSenders: number;
}

const SQL = `
select pg_catalog.current_setting('server_version_num') as version,
       pg_catalog.current_setting('wal_level') as wal_level,
       pg_catalog.pg_is_in_recovery()::text as is_standby,
       current_user::text as role,
       pg_catalog.current_database()::text as database,
       (r.rolsuper or r.rolreplication or exists (
         select from pg_catalog.pg_roles m
         where m.rolname in ('rds_replication', 'rds_superuser')
           and pg_catalog.pg_has_role(m.oid, 'member')
       ))::text as may_replicate,
       pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')::text
         as may_create,
       pg_catalog.current_setting('max_replication_slots') as max_slots,
       (select count(*) from pg_catalog.pg_replication_slots)::text as used_slots,
       pg_catalog.current_setting('max_wal_senders') as max_senders,
       (select count(*) from pg_catalog.pg_stat_replication)::text as used_senders
from pg_catalog.pg_roles r
where r.rolname = current_user`;

export async function readServerFacts(query: Query): Promise<ServerFacts> {
  const [row = {}] = await query(SQL, []);
  return {
    version: Number(textOf(row, 'version')),
    walLevel: textOf(row, 'wal_level'),
    isStandby: textOf(row, 'is_standby') === 'true',
    role: textOf(row, 'role'),
    database: textOf(row, 'database'),
    mayReplicate: textOf(row, 'may_replicate') === 'true',
    mayCreate: textOf(row, 'may_create') === 'true',
    maxSlots: Number(textOf(row, 'max_slots')),
    usedSlots: Number(textOf(row, 'used_slots')),
    maxSenders: Number(textOf(row, 'max_senders')),
    usedSenders: Number(textOf(row, 'used_senders')),
  };
}
