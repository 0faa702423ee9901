import type { NewPerson } from '../../data/staff.js';

export const ROLES: { value: NewPerson['role']; label: string }[] = [
  { value: 'viewer', label: 'viewer: looks at everything but staff' },
  { value: 'support', label: 'support: raises limits up to a ceiling, decides requests' },
  { value: 'auditor', label: 'auditor: reads all, also staff and exports' },
  { value: 'admin', label: 'admin: may do everything' },
];
