/** Something that the machine lacks and this test cannot do without: the sentence says what, and what to do. */
export class Missing extends Error {}
