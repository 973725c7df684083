// SPDX-License-Identifier: Apache-2.0

import java.time.Duration;
import java.util.Collection;
import java.util.Properties;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * A member of a consumer group with group.protocol=consumer, as member.c is one with librdkafka.
 *
 * <pre>GroupMember BROKERS GROUP PATTERN</pre>
 *
 * The broker decides about sessions and assignment. Prints the same lines.
 */
public final class GroupMember {
    private static final Duration WAIT = Duration.ofMillis(10);

    /** Tells what is given and taken. */
    private static final class Told implements ConsumerRebalanceListener {
        private static void say(String what, int count) {
            if (count > 0) {
                System.out.println(what + " " + count);
                System.out.flush();
            }
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            say("assigned", partitions.size());
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            say("revoked", partitions.size());
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            say("lost", partitions.size());
        }
    }

    private static String line(ConsumerRecord<String, String> record) {
        return "{\"cluster\":\"\",\"topic\":\"" + record.topic() + "\",\"partition\":"
            + record.partition() + ",\"offset\":" + record.offset() + ",\"fence\":0,\"time_ms\":"
            + record.timestamp() + ",\"key\":null,\"value\":\"" + record.value() + "\"}";
    }

    public static void main(String[] arguments) {
        if (arguments.length != 3) {
            System.err.println("usage: GroupMember BROKERS GROUP PATTERN");
            System.exit(2);
        }
        Properties settings = new Properties();
        settings.put("bootstrap.servers", arguments[0]);
        settings.put("group.id", arguments[1]);
        settings.put("group.protocol", "consumer");
        settings.put("auto.offset.reset", "earliest");
        settings.put("key.deserializer", StringDeserializer.class.getName());
        settings.put("value.deserializer", StringDeserializer.class.getName());
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(settings)) {
            consumer.subscribe(Pattern.compile(arguments[2]), new Told());
            while (true) {
                for (ConsumerRecord<String, String> record : consumer.poll(WAIT))
                    System.out.println(line(record));
                System.out.flush();
            }
        }
    }
}
