// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Runs one of Apache Kafka's own assignors through the steps of the planner's benchmark.
 *
 * <pre>KafkaPeer uniform|range|cooperative-sticky TOPICS PARTITIONS FOLDER</pre>
 *
 * Each step gets what the step before decided as what the members have. Only the assignor's own
 * call is timed: what it is asked with is made before, what it answers is read after.
 */
public final class KafkaPeer {
    static final int NOBODY = -1;
    static final int TWICE = -3;

    private static final double WARM_UP_MS = 4_000;
    private static final double RUNS_MS = 3_000; // no further run of a step after that
    private static final int RUNS_MAX = 9;

    /** Time by the clock, and of the processor for this thread alone, without the collector's. */
    record Took(double wallMs, double cpuMs) {
        static Took now() {
            return new Took(System.nanoTime() / 1e6,
                ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 1e6);
        }

        Took less(Took other) {
            return new Took(wallMs - other.wallMs, cpuMs - other.cpuMs);
        }
    }

    /** An assignor, with the assignment that it is fed. */
    interface Assignor {
        /** These collectors are there now, and what others had is nobody's. */
        void setMembers(int[] there);

        /** Decides once, from the same state each time; returns what the call took. */
        Took decide();

        /** What was decided last becomes what the members have; returns the owner of each unit. */
        int[] accept();
    }

    private final Assignor assignor;

    private KafkaPeer(String name, int topics, int partitions) {
        assignor = name.equals("cooperative-sticky")
            ? new ClientAssignor(topics, partitions)
            : new ServerAssignor(name, topics, partitions);
    }

    static String memberId(int collector) {
        return String.format("collector-%07d", collector);
    }

    static int collectorOf(String memberId) {
        return Integer.parseInt(memberId.substring(memberId.length() - 7));
    }

    /** Gives a unit to a collector, and marks it when somebody has it already. */
    static void own(int[] owners, int unit, int collector) {
        owners[unit] = owners[unit] == NOBODY ? collector : TWICE;
    }

    private static int[] numbersRead(Path path) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
        int[] numbers = new int[bytes.remaining() / 4];
        bytes.asIntBuffer().get(numbers);
        return numbers;
    }

    private static void numbersWrite(Path path, int[] numbers) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(numbers);
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE,
                StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            while (bytes.hasRemaining())
                file.write(bytes);
        }
    }

    /** Lets the compiler see every path on a small group, so that a single run is of warm code. */
    private static void warmUp(String name, int partitions) {
        KafkaPeer small = new KafkaPeer(name, Math.max(1, 20_000 / partitions), partitions);
        int[] all = new int[50];
        Arrays.setAll(all, i -> i);
        long begun = System.nanoTime();
        while (System.nanoTime() - begun < WARM_UP_MS * 1e6)
            for (int count : new int[] {45, 50, 49, 50}) {
                small.assignor.setMembers(Arrays.copyOf(all, count));
                small.assignor.decide();
                small.assignor.accept();
            }
    }

    private void step(Path folder, String step) throws IOException {
        assignor.setMembers(numbersRead(folder.resolve(step + ".there")));
        System.gc();
        double[] times = new double[RUNS_MAX];
        double[] cpu = new double[RUNS_MAX];
        int runs = 0;
        for (double total = 0; runs < RUNS_MAX && total < RUNS_MS; runs++) {
            Took took = assignor.decide();
            times[runs] = took.wallMs();
            cpu[runs] = took.cpuMs();
            total += times[runs];
        }
        double first = times[0];
        Arrays.sort(times, 0, runs);
        Arrays.sort(cpu, 0, runs);
        numbersWrite(folder.resolve(step + ".owners"), assignor.accept());
        System.out.printf(Locale.ROOT,
            "{\"step\": \"%s\", \"time_ms\": %.4f, \"first_ms\": %.4f, \"cpu_ms\": %.4f, "
                + "\"runs\": %d}%n",
            step, times[runs / 2], first, cpu[runs / 2], runs);
    }

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 4) {
            System.err.println(
                "usage: KafkaPeer uniform|range|cooperative-sticky TOPICS PARTITIONS FOLDER");
            System.exit(2);
        }
        int topics = Integer.parseInt(arguments[1]);
        int partitions = Integer.parseInt(arguments[2]);
        Path folder = Path.of(arguments[3]);
        warmUp(arguments[0], partitions);
        KafkaPeer peer = new KafkaPeer(arguments[0], topics, partitions);
        List<String> steps = Files.readAllLines(folder.resolve("all.steps"));
        for (String step : steps)
            peer.step(folder, step);
    }
}
