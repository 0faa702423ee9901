import type { NewPerson } from '../../data/staff.js';

export const ROLES: { value: NewPerson['role']; label: string }[] = [
  { value: 'viewer', label: 'viewer: reads everything except staff and tokens' },
  { value: 'support', label: 'support: sets limits up to an approval limit, reviews limit requests, exports' },
  { value: 'auditor', label: 'auditor: reads everything, including staff and tokens, exports' },
  { value: 'admin', label: 'admin: may do everything' },
];
