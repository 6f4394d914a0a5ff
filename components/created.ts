import * as pulumi from "@pulumi/pulumi";

/** Resolves once every resource has been created, which its URN alone does not say. */
export const created = (resources: readonly pulumi.Resource[]): pulumi.Output<unknown> =>
    pulumi.all(resources.map((resource) => (pulumi.CustomResource.isInstance(resource) ? resource.id : resource.urn)));
