/** What of a spec a machine takes over when it starts. Written on the machine; holds no secret. */
export interface StartedWith {
  /** Empty for explicit resources. */
  readonly instanceType: string;
  readonly instanceProfile: string;
  /** The explicit resources as a text; empty with an instance type. */
  readonly resources: string;
  /** The disks that are there at boot, in boot order, each as `name` or `name:bus`. */
  readonly disks: readonly string[];
  /** cloud-init recognises a machine by it. */
  readonly firmwareUuid: string;
  readonly hasKeys: boolean;
  readonly hasUserData: boolean;
}
