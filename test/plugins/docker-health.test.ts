/** Waiting for containers to be healthy, against a real daemon. Skipped, and counted so, where there is none. */
import { expect } from "chai";
import { PREFIX, client } from "./docker-machine";
import { CONTAINER, Stage, container } from "./docker-stage";
import { Json, failure, initFailure } from "./harness";

describe("docker plugin with a daemon: health", function () {
    this.timeout(60_000);
    const stage = Stage.hooks();

    const check = (test: string): Json => ({
        healthcheck: { tests: ["CMD-SHELL", test], interval: "1s", retries: 1 },
        wait: true,
        waitTimeout: 20,
    });

    it("waits until a container is healthy", async () => {
        const { id } = await stage().make(
            CONTAINER,
            container({
                ...check("test -f /ready"),
                command: ["/bin/sh", "-c", "sleep 2; echo > /ready; exec sleep 1000"],
            }),
        );
        expect((await client.getContainer(id).inspect()).State.Health?.Status).to.equal("healthy");
    });

    it("tells why a container is not healthy, keeps it, and restarts it at the next update", async () => {
        const inputs = await stage().provider.checked(
            CONTAINER,
            container({ ...check("echo not yet; exit 3"), waitTimeout: 3 }),
        );
        const error = await failure(stage().provider.create(CONTAINER, inputs));
        expect(error.message).to.match(
            new RegExp(
                "is not healthy after 3 s \\(waitTimeout\\), but unhealthy\n" +
                    "last health check \\(exit code 3\\): not yet\nlast lines of the container:\nhere I am",
            ),
        );
        const kept = initFailure(error);
        expect(kept?.properties).to.include({ name: `${PREFIX}-c` });
        const id = kept?.id as string;
        stage().remember(CONTAINER, id, kept?.properties as Json);
        const started = (await client.getContainer(id).inspect()).State.StartedAt;
        await failure(stage().provider.update(CONTAINER, id, kept?.properties as Json, inputs));
        expect((await client.getContainer(id).inspect()).State.StartedAt).to.not.equal(started);
    });

    it("does not wait for a container that has ended, and gives its last words", async () => {
        const inputs = await stage().provider.checked(
            CONTAINER,
            container({ ...check("true"), command: ["/bin/sh", "-c", "echo cannot go on >&2; exit 4"] }),
        );
        const error = await failure(stage().provider.create(CONTAINER, inputs));
        expect(error.message).to.match(/ended with exit code 4 before it was healthy\n.*cannot go on/s);
        stage().remember(CONTAINER, initFailure(error)?.id as string, {});
    });

    it("refuses to wait where there is no healthcheck", async () => {
        const error = await failure(
            stage().provider.create(CONTAINER, await stage().provider.checked(CONTAINER, container({ wait: true }))),
        );
        expect(error.message).to.match(/has `wait`, but no healthcheck/);
        stage().remember(CONTAINER, initFailure(error)?.id as string, {});
    });
});
