// SPDX-License-Identifier: Apache-2.0

import java.util.AbstractSet;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.coordinator.group.api.assignor.ConsumerGroupPartitionAssignor;
import org.apache.kafka.coordinator.group.api.assignor.GroupAssignment;
import org.apache.kafka.coordinator.group.api.assignor.GroupSpec;
import org.apache.kafka.coordinator.group.api.assignor.MemberAssignment;
import org.apache.kafka.coordinator.group.api.assignor.MemberSubscription;
import org.apache.kafka.coordinator.group.api.assignor.SubscribedTopicDescriber;
import org.apache.kafka.coordinator.group.api.assignor.SubscriptionType;
import org.apache.kafka.coordinator.group.assignor.RangeAssignor;
import org.apache.kafka.coordinator.group.assignor.UniformAssignor;

/**
 * Kafka's assignors of the group coordinator ("uniform" and "range"), every member subscribed to
 * every topic. What they ask the group is answered from arrays, which is cheaper than what a broker
 * keeps; the maps of the assignment itself are theirs.
 */
final class ServerAssignor
    implements KafkaPeer.Assignor, GroupSpec, SubscribedTopicDescriber, MemberSubscription {
    private static final MemberAssignment NOTHING = Collections::emptyMap;

    private final ConsumerGroupPartitionAssignor assignor;
    private final int partitions;
    private final Uuid[] topicIds;
    private final Set<Uuid> subscribed;
    private final int[] owners; // of each unit, topic by topic, before the step
    private Map<String, MemberAssignment> members = new LinkedHashMap<>();
    private GroupAssignment decided;

    ServerAssignor(String name, int topics, int partitions) {
        this.assignor = name.equals("range") ? new RangeAssignor() : new UniformAssignor();
        this.partitions = partitions;
        this.topicIds = new Uuid[topics];
        Arrays.setAll(topicIds, ServerAssignor::topicId);
        this.subscribed = new AllTopics();
        this.owners = new int[Math.multiplyExact(topics, partitions)];
        Arrays.fill(owners, KafkaPeer.NOBODY);
    }

    /** As well spread as a random one, and says which topic it is. */
    private static Uuid topicId(int topic) {
        long x = (topic + 1) * 0x9e3779b97f4a7c15L;
        x = (x ^ x >>> 30) * 0xbf58476d1ce4e5b9L;
        x = (x ^ x >>> 27) * 0x94d049bb133111ebL;
        return new Uuid(x ^ x >>> 31, topic);
    }

    private static int topicOf(Uuid id) {
        return (int) id.getLeastSignificantBits();
    }

    @Override
    public void setMembers(int[] there) {
        Map<String, MemberAssignment> now = new LinkedHashMap<>();
        for (int collector : there) {
            String id = KafkaPeer.memberId(collector);
            now.put(id, members.getOrDefault(id, NOTHING));
        }
        members = now;
        decided = null;
        ownersRead(members, owners);
    }

    @Override
    public KafkaPeer.Took decide() {
        decided = null; // the memory of the run before may go
        KafkaPeer.Took begun = KafkaPeer.Took.now();
        decided = assignor.assign(this, this);
        return KafkaPeer.Took.now().less(begun);
    }

    @Override
    public int[] accept() {
        members.replaceAll((id, before) -> immutable(decided.members().getOrDefault(id, NOTHING)));
        int[] after = new int[owners.length];
        ownersRead(members, after);
        return after;
    }

    /** A broker keeps assignments immutable, and the assignors insist on it. */
    private static MemberAssignment immutable(MemberAssignment assignment) {
        Map<Uuid, Set<Integer>> fixed = Collections.unmodifiableMap(assignment.partitions());
        return () -> fixed;
    }

    private void ownersRead(Map<String, MemberAssignment> from, int[] into) {
        Arrays.fill(into, KafkaPeer.NOBODY);
        from.forEach((id, assignment) -> {
            int collector = KafkaPeer.collectorOf(id);
            assignment.partitions().forEach((topic, ones) -> {
                for (int partition : ones)
                    KafkaPeer.own(into, topicOf(topic) * partitions + partition, collector);
            });
        });
    }

    // --- what the assignors ask ---

    @Override
    public Collection<String> memberIds() {
        return members.keySet();
    }

    @Override
    public SubscriptionType subscriptionType() {
        return SubscriptionType.HOMOGENEOUS;
    }

    @Override
    public boolean isPartitionAssigned(Uuid topic, int partition) {
        return owners[topicOf(topic) * partitions + partition] != KafkaPeer.NOBODY;
    }

    @Override
    public boolean isPartitionAssignable(Uuid topic, int partition) {
        return true;
    }

    @Override
    public MemberSubscription memberSubscription(String id) {
        return this;
    }

    @Override
    public MemberAssignment memberAssignment(String id) {
        return members.get(id);
    }

    @Override
    public int numPartitions(Uuid topic) {
        return partitions;
    }

    @Override
    public Set<String> racksForPartition(Uuid topic, int partition) {
        return Set.of();
    }

    @Override
    public Optional<String> rackId() {
        return Optional.empty();
    }

    @Override
    public Optional<String> instanceId() {
        return Optional.empty();
    }

    @Override
    public Set<Uuid> subscribedTopicIds() {
        return subscribed;
    }

    private final class AllTopics extends AbstractSet<Uuid> {
        @Override
        public Iterator<Uuid> iterator() {
            return Arrays.asList(topicIds).iterator();
        }

        @Override
        public int size() {
            return topicIds.length;
        }

        @Override
        public boolean contains(Object topic) {
            return topicIds[topicOf((Uuid) topic)].equals(topic);
        }
    }
}
