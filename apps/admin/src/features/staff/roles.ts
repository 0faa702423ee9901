import type { NewPerson } from '../../data/staff.js';

export const ROLES: { value: NewPerson['role']; label: string }[] = [
  { value: 'viewer', label: 'viewer: reads all but staff and tokens' },
  { value: 'support', label: 'support: sets limits, reviews limit requests' },
  { value: 'auditor', label: 'auditor: reads and exports everything' },
  { value: 'admin', label: 'admin: may do everything' },
];
