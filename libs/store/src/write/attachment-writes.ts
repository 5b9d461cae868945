/** Which VM names which disk. */
import type { Batch } from './batch.ts';
import { type Write, write } from './write.ts';

export function attachmentsRemoved({ attachments }: Batch): Write {
  const statement = {
    name: 'delete_attachments',
    text: `
delete from disk_attachment a using unnest($1::uuid[], $2::text[]) as i(vm_uid, disk_name)
where (a.vm_uid, a.disk_name) = (i.vm_uid, i.disk_name)`,
  };
  return write(statement, attachments.removed(), [(row) => row.vmUid, (row) => row.disk]);
}

export function attachmentsLoosened({ attachments }: Batch): Write {
  const statement = {
    name: 'loosen_attachments',
    text: `
update disk_attachment a set exclusive = false from unnest($1::uuid[], $2::text[]) as i(vm_uid, disk_name)
where (a.vm_uid, a.disk_name) = (i.vm_uid, i.disk_name)`,
  };
  return write(statement, attachments.loosened(), [(row) => row.vmUid, (row) => row.disk]);
}

export function attachmentsAdded({ attachments }: Batch): Write {
  const statement = {
    name: 'insert_attachments',
    text: `
insert into disk_attachment (project, disk_name, vm_uid, exclusive)
select * from unnest($1::text[], $2::text[], $3::uuid[], $4::boolean[]) as i(project, disk_name, vm_uid, exclusive)
order by project, disk_name, vm_uid`,
  };
  return write(statement, attachments.added(), [
    (row) => row.project,
    (row) => row.disk,
    (row) => row.vmUid,
    (row) => row.exclusive,
  ]);
}
