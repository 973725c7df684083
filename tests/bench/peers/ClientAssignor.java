// SPDX-License-Identifier: Apache-2.0

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;

/**
 * Kafka's assignor of the consumers themselves, "cooperative-sticky". It first only takes away what
 * is to move and gives it in a second rebalance, so a step is as many rebalances as it takes until
 * every partition is somebody's; their times are added up.
 */
final class ClientAssignor implements KafkaPeer.Assignor {
    private static final int REBALANCES_MAX = 10;

    private final int topics;
    private final int partitions;
    private final List<String> names = new ArrayList<>(); // one list for all, which is cheaper
    private final Map<String, List<PartitionInfo>> infos = new HashMap<>();
    private Map<String, List<TopicPartition>> members = new LinkedHashMap<>();
    private Map<String, List<TopicPartition>> decided;
    private int generation = 1;
    private int rebalances; // of the last decision

    ClientAssignor(int topics, int partitions) {
        this.topics = topics;
        this.partitions = partitions;
        Node[] none = {};
        for (int topic = 0; topic < topics; topic++) {
            String name = "topic-" + topic;
            List<PartitionInfo> ones = new ArrayList<>();
            for (int partition = 0; partition < partitions; partition++)
                ones.add(new PartitionInfo(name, partition, null, none, none));
            names.add(name);
            infos.put(name, ones);
        }
    }

    @Override
    public void setMembers(int[] there) {
        Map<String, List<TopicPartition>> now = new LinkedHashMap<>();
        for (int collector : there) {
            String id = KafkaPeer.memberId(collector);
            now.put(id, members.getOrDefault(id, List.of()));
        }
        members = now;
    }

    @Override
    public KafkaPeer.Took decide() {
        KafkaPeer.Took total = new KafkaPeer.Took(0, 0);
        decided = members;
        int missing = 1;
        for (rebalances = 0; missing > 0 && rebalances < REBALANCES_MAX; rebalances++) {
            CooperativeStickyAssignor assignor = new CooperativeStickyAssignor();
            Map<String, Subscription> subscriptions =
                subscriptions(decided, generation + rebalances);
            KafkaPeer.Took begun = KafkaPeer.Took.now();
            decided = assignor.assignPartitions(infos, subscriptions);
            total = total.less(begun.less(KafkaPeer.Took.now()));
            missing = topics * partitions;
            for (List<TopicPartition> owned : decided.values())
                missing -= owned.size();
        }
        return total;
    }

    /** Fresh each time, since the assignor changes what it is given. */
    private Map<String, Subscription> subscriptions(
            Map<String, List<TopicPartition>> owned, int age) {
        Map<String, Subscription> subscriptions = new HashMap<>();
        owned.forEach((id, partitions) -> subscriptions.put(id, new Subscription(
            names, null, new ArrayList<>(partitions), age, Optional.empty())));
        return subscriptions;
    }

    @Override
    public int[] accept() {
        generation += rebalances;
        int[] owners = new int[topics * partitions];
        Arrays.fill(owners, KafkaPeer.NOBODY);
        members.replaceAll((id, before) -> decided.get(id));
        members.forEach((id, owned) -> {
            for (TopicPartition one : owned) {
                int topic = Integer.parseInt(one.topic().substring("topic-".length()));
                int unit = topic * partitions + one.partition();
                KafkaPeer.own(owners, unit, KafkaPeer.collectorOf(id));
            }
        });
        return owners;
    }
}
